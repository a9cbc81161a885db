import { basename, extname, resolve } from 'node:path'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { grouped } from '../timeline/amounts.js'
import { type Build, buildsOf, togetherOf } from '../timeline/builds.js'
import { chartOf } from '../timeline/chart.js'
import { type Journal, readJournal, type Skipped } from '../timeline/read.js'
import { command } from './command.js'
import { jsonOption } from './setting-options.js'
import { formats } from './timeline-drawing.js'
import { type Format, formatBySuffix, formatNames, isFormat } from './timeline-format.js'
import { checkTarget, writeTarget } from './timeline-target.js'

export const timeline = command({
  name: 'timeline',
  summary: 'draw where the slots of a build went, from its journal',
  operands: 'FILE',
  mixed: true,
  completes: { kind: 'file' },
  options: [
    {
      name: 'output',
      letter: 'o',
      kind: 'text',
      value: 'F',
      completes: { kind: 'file' },
      text: 'write F: .html, .svg or .json; - is stdout (default: the name of FILE with .html, here)',
    },
    {
      name: 'format',
      kind: 'text',
      value: 'T',
      completes: { kind: 'choice', values: formatNames },
      text: 'html, svg or json, whatever the name of F',
    },
    { name: 'run', kind: 'number', value: 'N', text: 'draw the Nth build in FILE (default: the last one)' },
    { name: 'all', kind: 'switch', text: 'draw all builds in FILE, on one time axis' },
    jsonOption,
  ],
  notes:
    'jobshim run --journal FILE writes the journal. A browser opens the page, without a network; Perfetto ' +
    '(ui.perfetto.dev) and chrome://tracing open the .json. Runs of jobshim that overlap in time are drawn as one build.',
  examples: [
    { line: 'jobshim timeline build.jsonl', text: 'write build.html, a page to zoom and to search in' },
    { line: 'jobshim timeline build.jsonl -o build.svg', text: 'a still picture' },
    { line: 'jobshim timeline build.jsonl -o trace.json', text: 'a trace for Perfetto' },
  ],
  async run({ flags, operands, workingDirectory }) {
    const file = onlyFile(operands)
    const output = flags.output ?? `${basename(file, extname(file))}.html`
    const format = formatOf(flags.format, output)
    if (output === '-' && flags.json) throw wrong('--json: stdout gets the picture', 'name a file with -o')
    if (flags.all && flags.run !== undefined)
      throw wrong('--run and --all exclude each other', 'leave one out')

    const journalPath = resolve(workingDirectory, file)
    const journal = readJournal(journalPath, file)
    const { build, number, builds } = choose(journal, file, flags.all ? 'all' : flags.run)

    const target = {
      path: resolve(workingDirectory, output),
      name: output,
      isNamed: flags.output !== undefined,
      journal: journalPath,
    }
    if (output !== '-') checkTarget(target)
    const picture = Buffer.from(await formats[format](chartOf(build), journal.skipped))
    if (output === '-') await writeToStdout(picture)
    else writeTarget(target, picture)

    const runs = build.tools.length
    const { skipped } = journal
    if (flags.json) {
      const tookSeconds = build.to - build.from
      const told = {
        file: output,
        format,
        bytes: picture.length,
        ...(number === undefined ? {} : { build: number }),
        builds,
        runs,
        tookSeconds,
        skipped,
      }
      print(`${renderJson(told)}\n`)
    } else {
      const told = [
        `${output === '-' ? file : output}: ${counted(runs, 'tool run')}`,
        ...(builds > 1 ? [nameOf(number, builds)] : []),
        ...skippedText(skipped),
      ]
      print(visibleLines([told.join(', ')]), output === '-' ? 2 : 1)
    }
    return exitCodes.ok
  },
})

const wrong = (what: string, hint: string): Failure => new Failure(`timeline: ${what}`, hint, exitCodes.usage)

function onlyFile(operands: readonly string[]): string {
  const [file, ...more] = operands
  if (file === undefined)
    throw wrong('no journal named', 'jobshim timeline FILE; jobshim run --journal FILE -- CMD writes one')
  if (more.length > 0)
    throw wrong(
      `one journal at a time, got ${operands.join(' ')}`,
      `cat ${operands.join(' ')} puts them together`,
    )
  return file
}

function formatOf(named: string | undefined, output: string): Format {
  const format = named ?? (output === '-' ? 'html' : formatBySuffix(output))
  if (format !== undefined && isFormat(format)) return format
  throw named === undefined
    ? wrong(`-o ${output}: its suffix names no format`, 'end it with .html, .svg or .json, or add --format')
    : wrong(
        `--format: expected html, svg or json, got ${JSON.stringify(named)}`,
        'see jobshim timeline --help',
      )
}

type Choice = { build: Build; number: number | undefined; builds: number }

function choose({ events, skipped }: Journal, file: string, wish: number | 'all' | undefined): Choice {
  const builds = buildsOf(events)
  if (builds.length === 0) throw noBuild(file, skipped)
  const number = wish === 'all' ? undefined : (wish ?? builds.length)
  const build = number === undefined ? togetherOf(builds) : builds[number - 1]
  if (!build)
    throw new Failure(
      `${file}: has ${counted(builds.length, 'build')}, not ${number}`,
      builds.length === 1 ? 'leave --run out' : `--run takes 1 to ${builds.length}; --all draws all`,
    )
  if (build.tools.length === 0 && build.past.length === 0)
    throw new Failure(
      `${file}: no tool ran through a shim${builds.length > 1 ? ` in ${nameOf(number, builds.length)}` : ''}`,
      'jobshim doctor tells why a build is not governed',
    )
  return { build, number, builds: builds.length }
}

function noBuild(file: string, { cut, foreign, otherVersion }: Skipped): Failure {
  if (otherVersion > 0)
    return new Failure(
      `${file}: was written by another version of jobshim`,
      'draw it with the jobshim that wrote it',
    )
  return new Failure(
    cut + foreign > 0 ? `${file}: is not a journal of jobshim` : `${file}: is empty`,
    'jobshim run --journal FILE -- CMD writes one',
  )
}

const nameOf = (number: number | undefined, builds: number): string =>
  number === undefined ? `all ${builds} builds` : `build ${number} of ${builds}`

const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`

function skippedText({ cut, foreign, otherVersion }: Skipped): string[] {
  const reasons = [
    ...(cut > 0 ? [`${cut} cut off`] : []),
    ...(foreign > 0 ? [`${foreign} of other programs`] : []),
    ...(otherVersion > 0 ? [`${otherVersion} of another jobshim`] : []),
  ]
  return reasons.length === 0
    ? []
    : [`${counted(cut + foreign + otherVersion, 'line')} skipped (${reasons.join(', ')})`]
}

/** Returns when all of it is written: a pipe may take a while, and the process exits after. */
const writeToStdout = (picture: Buffer): Promise<void> =>
  new Promise((done, fail) => {
    process.stdout.once('error', error =>
      fail(new Failure(`stdout: can't be written (${systemErrorCode(error)})`, 'name a file with -o')),
    )
    process.stdout.write(picture, () => done())
  })
