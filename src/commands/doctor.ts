import { constants } from 'node:os'
import { styleText } from 'node:util'
import type { SettingFlags } from '../config/options.js'
import { processNames } from '../contract/process-names.js'
import type { BuildFacts } from '../doctor/bypass.js'
import { examine } from '../doctor/examine.js'
import { endPrograms } from '../doctor/program.js'
import { type Check, judgeAll } from '../doctor/verdict.js'
import { renderColumns } from '../ground/columns.js'
import { exitCodes } from '../ground/exit-codes.js'
import { renderJson } from '../ground/json.js'
import { print, printExact, say } from '../ground/print.js'
import { endLike } from '../launcher/foreground.js'
import { type Call, command } from './command.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'

export const doctor = command({
  name: 'doctor',
  summary: 'check whether builds here are governed, and say what to do if not',
  operands: '[-- CMD...]',
  completes: { kind: 'command' },
  options: [jsonOption, dirOption, ...configOptions],
  notes:
    'Each check is ok, a note (builds are governed all the same, or it is not known), or broken. doctor checks the shims, ' +
    'PATH, variables, the jobserver, the trees below the working directory and the system, and changes nothing. ' +
    'It also runs CMD, below jobshim run, and adds the tools that went past the shims; the table follows the output of CMD. ' +
    'Exit status 1 if anything is broken.',
  examples: [
    { line: 'jobshim doctor', text: 'in the directory of the build' },
    { line: 'jobshim doctor -- make', text: 'the same, and which tools of the build go past the shims' },
    { line: 'jobshim doctor --json', text: 'for programs' },
  ],
  async run({ flags, operands, workingDirectory, environment }) {
    const [program, ...args] = operands
    const call = { flags, operands, workingDirectory, environment }
    const dir = program === undefined ? undefined : await shimsFor(call)
    const examined = await unlessSignalled(() => examine(flags, workingDirectory, environment))
    if (examined.kind === 'signal') return await endLike(examined)
    const { checks, sandbox } = examined.result
    if (program !== undefined && dir !== undefined) {
      const { buildRows } = await import('../doctor/bypass.js')
      checks.push(...judgeAll(buildRows, await buildWith([program, ...args], call), sandbox))
    }
    const isColoured = process.stdout.isTTY && process.stdout.hasColors()
    if (flags.json) print(`${renderJson({ checks })}\n`)
    else printExact(renderChecks(checks, isColoured))
    return checks.some(({ state }) => state === 'broken') ? exitCodes.failed : exitCodes.ok
  },
})

type Flags = SettingFlags & { json?: boolean }

// As jobshim run does: the first time they are installed.
async function shimsFor({ flags, workingDirectory, environment }: Call<Flags>): Promise<string> {
  const { loadSettings } = await import('../config/load.js')
  const { ensureShims } = await import('../shimdir/ensure.js')
  const settings = await loadSettings(flags, workingDirectory, environment)
  return (await ensureShims(settings.dir, settings, environment)).dir
}

async function buildWith(
  words: [program: string, ...args: string[]],
  { flags, workingDirectory: directory, environment }: Call<Flags>,
): Promise<BuildFacts> {
  const [{ loadSettings }, { build }, { withShims }] = await Promise.all([
    import('../config/load.js'),
    import('../build/build.js'),
    import('../build/environment.js'),
  ])
  process.title = processNames.command
  const settings = await loadSettings(flags, directory, environment)
  const governed = await withShims(environment, settings.dir, settings)
  return await build({
    words,
    environment: governed,
    settings,
    auth: undefined,
    machine: { kind: 'none' },
    journal: undefined,
    directory,
    say,
    isShown: !flags.json,
    sandbox: undefined,
  })
}

type Done<Result> = { kind: 'done'; result: Result } | { kind: 'signal'; number: number }

/**
 * Does the work, and ends it with all its programs once a signal comes: they have sessions of their own, where no ^C reaches them.
 * What the work has made is removed by then.
 */
async function unlessSignalled<Result>(work: () => Promise<Result>): Promise<Done<Result>> {
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const
  let met: (typeof signals)[number] | undefined
  const listeners = signals.map(signal => {
    const listener = (): void => {
      met ??= signal
      endPrograms()
    }
    process.on(signal, listener)
    return { signal, listener }
  })
  try {
    const result = await work()
    if (met === undefined) return { kind: 'done', result }
  } catch (error) {
    if (met === undefined) throw error
  } finally {
    for (const { signal, listener } of listeners) process.off(signal, listener)
  }
  return { kind: 'signal', number: constants.signals[met] }
}

const colours = { ok: 'green', note: 'yellow', broken: 'red' } as const

const inOneLine = (text: string): string => text.replaceAll('\n', ' ')

/** Returns the table, and what it comes to. */
export function renderChecks(checks: readonly Check[], isColoured: boolean): string {
  const rows = checks.flatMap(check => [
    [check.state, check.name, inOneLine(check.text)],
    ...('fix' in check && check.fix !== undefined ? [['', '', `do: ${inOneLine(check.fix)}`]] : []),
  ])
  const paint = (state: keyof typeof colours): string =>
    isColoured ? styleText(colours[state], state) : state
  const table = renderColumns(rows).replace(/^(ok|note|broken)\b/gm, (_, state: keyof typeof colours) =>
    paint(state),
  )
  const count = (state: Check['state']): number => checks.filter(check => check.state === state).length
  const notes = count('note') === 1 ? '1 note' : `${count('note')} notes`
  return `${table}${count('broken')} broken, ${notes}, ${count('ok')} ok\n`
}
