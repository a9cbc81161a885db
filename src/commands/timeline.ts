import { basename, extname, resolve } from 'node:path'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { type Chart, chartOf } from '../timeline/chart.js'
import { readJournal, type Skipped } from '../timeline/read.js'
import { command } from './command.js'
import { jsonOption } from './setting-options.js'
import { type Choice, choose, counted, nameOf, skippedText, type Wish } from './timeline-build.js'
import type { Source } from './timeline-comparison.js'
import { formats } from './timeline-drawing.js'
import { type Format, formatBySuffix, formatNames, isFormat } from './timeline-format.js'
import { checkTarget, writeTarget } from './timeline-target.js'

export const timeline = command({
  name: 'timeline',
  summary: 'draw where the slots of a build went, from its journal',
  operands: 'FILE [NOW]',
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
    { name: 'run', kind: 'number', value: 'N', text: 'take the Nth build in FILE (default: the last one)' },
    {
      name: 'run-now',
      kind: 'number',
      value: 'N',
      text: 'with --compare: take the Nth build in NOW (default: the last one)',
    },
    { name: 'all', kind: 'switch', text: 'draw all builds in FILE, on one time axis' },
    {
      name: 'compare',
      kind: 'switch',
      text: 'print what got slower from the build in FILE to that in NOW, which may be the same file',
    },
    {
      name: 'summary-md',
      kind: 'switch',
      text: 'print a summary in Markdown, for the page of a CI job, and draw nothing',
    },
    jsonOption,
  ],
  notes:
    'jobshim run --journal FILE writes the journal. A browser opens the page, without a network; Perfetto ' +
    '(ui.perfetto.dev) and chrome://tracing open the .json. Runs of jobshim that overlap in time are drawn as one build. ' +
    'A journal does not tell which tool needs what another one made: the likely critical path is read from when they ran.',
  examples: [
    { line: 'jobshim timeline build.jsonl', text: 'write build.html, a page to zoom and to search in' },
    { line: 'jobshim timeline build.jsonl -o build.svg', text: 'a still picture' },
    { line: 'jobshim timeline build.jsonl -o trace.json', text: 'a trace for Perfetto' },
    { line: 'jobshim timeline --compare old.jsonl new.jsonl', text: 'what got slower' },
    {
      line: 'jobshim timeline --compare build.jsonl build.jsonl --run 1',
      text: 'the same from the first build in a journal to its last one',
    },
    {
      line: 'jobshim timeline build.jsonl --summary-md >>"$GITHUB_STEP_SUMMARY"',
      text: 'the summary of a GitHub Actions job',
    },
  ],
  async run({ flags, operands, workingDirectory }) {
    checkTogether(flags)
    const [file, ...others] = operands
    if (file === undefined)
      throw wrong('no journal named', 'jobshim timeline FILE; jobshim run --journal FILE -- CMD writes one')
    const load = (name: string, wish: Wish): Loaded => {
      const path = resolve(workingDirectory, name)
      const journal = readJournal(path, name)
      const chosen = choose(journal, name, wish)
      return { file: name, path, skipped: journal.skipped, chosen, chart: chartOf(chosen.build) }
    }
    if (flags.compare) {
      const [later, ...more] = others
      if (later === undefined || more.length > 0)
        throw wrong('--compare takes two journals', 'jobshim timeline --compare BEFORE NOW')
      const before = load(file, { which: flags.run, by: '--run', orAll: false })
      const now = load(later, { which: flags.runNow, by: '--run-now', orAll: false })
      await tellDifference(before, now, flags.json === true)
    } else {
      if (others.length > 0)
        throw wrong(
          `one journal at a time, got ${operands.join(' ')}`,
          `cat ${operands.join(' ')} puts them together`,
        )
      const wish: Wish = { which: flags.all ? 'all' : flags.run, by: '--run', orAll: true }
      if (flags.summaryMd) {
        const { renderMarkdown } = await import('../timeline/markdown.js')
        print(visibleLines(renderMarkdown(load(file, wish).chart)))
      } else await draw(() => load(file, wish), file, flags, workingDirectory)
    }
    return exitCodes.ok
  },
})

type Loaded = { file: string; path: string; skipped: Skipped; chosen: Choice; chart: Chart }

type Flags = {
  readonly output?: string
  readonly format?: string
  readonly run?: number
  readonly runNow?: number
  readonly all?: boolean
  readonly compare?: boolean
  readonly summaryMd?: boolean
  readonly json?: boolean
}

/** Throws `Failure` for flags of which one would have no effect. */
function checkTogether(flags: Flags): void {
  const exclude = (one: string, other: string): Failure =>
    wrong(`${one} and ${other} exclude each other`, 'leave one out')
  if (flags.all && flags.run !== undefined) throw exclude('--run', '--all')
  if (flags.compare && flags.summaryMd) throw exclude('--compare', '--summary-md')
  const draws = flags.output !== undefined ? '-o' : flags.format !== undefined ? '--format' : undefined
  if (flags.compare) {
    if (draws !== undefined) throw exclude('--compare', draws)
    if (flags.all) throw exclude('--compare', '--all')
  } else if (flags.runNow !== undefined)
    throw wrong('--run-now is for --compare alone', 'name the build in FILE with --run')
  if (flags.summaryMd) {
    if (draws !== undefined) throw exclude('--summary-md', draws)
    if (flags.json) throw exclude('--summary-md', '--json')
  }
}

async function tellDifference(before: Loaded, now: Loaded, asJson: boolean): Promise<void> {
  const { compare } = await import('../timeline/comparison.js')
  const { renderComparison, comparisonJson } = await import('./timeline-comparison.js')
  const comparison = compare(before.chart, now.chart)
  const sides = { before: sourceOf(before), now: sourceOf(now) }
  if (asJson) print(`${comparisonJson(comparison, sides)}\n`)
  else print(renderComparison(comparison, sides))
}

const sourceOf = ({ file, chosen: { number, builds } }: Loaded): Source => ({ journal: file, number, builds })

async function draw(load: () => Loaded, file: string, flags: Flags, workingDirectory: string): Promise<void> {
  const output = flags.output ?? `${basename(file, extname(file))}.html`
  const format = formatOf(flags.format, output)
  if (output === '-' && flags.json) throw wrong('--json: stdout gets the picture', 'name a file with -o')
  const { path, skipped, chosen, chart } = load()
  const target = {
    path: resolve(workingDirectory, output),
    name: output,
    isNamed: flags.output !== undefined,
    journal: path,
  }
  if (output !== '-') checkTarget(target)
  const picture = Buffer.from(await formats[format](chart, skipped))
  if (output === '-') await writeToStdout(picture)
  else writeTarget(target, picture)
  const { build, number, builds } = chosen
  const runs = build.tools.length
  if (flags.json) {
    const { digestOf } = await import('../timeline/digest.js')
    const told = {
      file: output,
      format,
      bytes: picture.length,
      ...(number === undefined ? {} : { build: number }),
      builds,
      runs,
      tookSeconds: build.to - build.from,
      ...digestOf(chart),
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
}

const wrong = (what: string, hint: string): Failure => new Failure(`timeline: ${what}`, hint, exitCodes.usage)

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

/** Returns when all of it is written: a pipe may take a while, and the process exits after. */
const writeToStdout = (picture: Buffer): Promise<void> =>
  new Promise((done, fail) => {
    process.stdout.once('error', error =>
      fail(
        new Failure(`can't write the picture to stdout: ${systemErrorCode(error)}`, 'name a file with -o'),
      ),
    )
    process.stdout.write(picture, () => done())
  })
