import { constants } from 'node:os'
import { styleText } from 'node:util'
import type { SettingFlags } from '../config/options.js'
import { processNames } from '../contract/process-names.js'
import type { BuildFacts } from '../doctor/bypass.js'
import { type Examination, examine } from '../doctor/examine.js'
import { endPrograms } from '../doctor/program.js'
import type { Repaired } from '../doctor/repairs.js'
import { type Check, judgeAll } from '../doctor/verdict.js'
import { renderColumns } from '../ground/columns.js'
import { exitCodes } from '../ground/exit-codes.js'
import { renderFailure } from '../ground/failure.js'
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
  options: [
    { name: 'all', kind: 'switch', text: 'show the checks that are ok, too' },
    { name: 'fix', kind: 'switch', text: 'first do what is safe' },
    jsonOption,
    dirOption,
    ...configOptions,
  ],
  notes:
    'Each check is ok, a note (builds are governed all the same, or it is not known), or broken. doctor checks the shims, ' +
    'PATH, variables, the jobserver, the trees below the working directory and the system. Without --fix it changes nothing. ' +
    'With --fix it renews the launcher of shims, makes shims that are lacking, and removes what killed runs have left. It ' +
    'changes no configured tree, no config and no file of yours. ' +
    'It also runs CMD, below jobshim run, and adds the tools that went past the shims; the table follows the output of CMD. ' +
    'Exit status 1 if anything is broken.',
  examples: [
    { line: 'jobshim doctor', text: 'in the directory of the build' },
    { line: 'jobshim doctor -- make', text: 'the same, and which tools of the build go past the shims' },
    { line: 'jobshim doctor --fix', text: "mend what is jobshim's own, and tell the rest" },
    { line: 'jobshim doctor --json', text: 'for programs' },
  ],
  async run({ flags, operands, workingDirectory, environment }) {
    const [program, ...args] = operands
    const call = { flags, operands, workingDirectory, environment }
    const dir = program === undefined ? undefined : await shimsFor(call)
    const examined = await unlessSignalled(() => examineAndMend(call))
    if (examined.kind === 'signal') return await endLike(examined)
    const { checks, sandbox, repaired } = examined.result
    if (program !== undefined && dir !== undefined) {
      const { buildRows } = await import('../doctor/bypass.js')
      checks.push(...judgeAll(buildRows, await buildWith([program, ...args], call), sandbox))
    }
    const isColoured = process.stdout.isTTY && process.stdout.hasColors()
    for (const { failure } of repaired) if (failure !== undefined) say(renderFailure(failure))
    const fixed = repaired.filter(({ failure }) => failure === undefined)
    const names = fixed.map(({ name, text }) => ({ name, text }))
    if (flags.json) print(`${renderJson(flags.fix ? { checks, fixed: names } : { checks })}\n`)
    else printExact(`${renderFixed(names)}${renderChecks(checks, { isColoured, all: flags.all ?? false })}`)
    return checks.some(({ state }) => state === 'broken') ? exitCodes.failed : exitCodes.ok
  },
})

type Flags = SettingFlags & { json?: boolean; all?: boolean; fix?: boolean }

async function examineAndMend({
  flags,
  workingDirectory,
  environment,
}: Call<Flags>): Promise<Examination & { repaired: Repaired[] }> {
  const first = await examine(flags, workingDirectory, environment)
  if (!flags.fix) return { ...first, repaired: [] }
  const { repair } = await import('../doctor/repairs.js')
  const repaired = await repair(first.checks, first.settings, environment)
  const last = repaired.length > 0 ? await examine(flags, workingDirectory, environment) : first
  return { ...last, repaired }
}

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

const renderFixed = (fixed: readonly { name: string; text: string }[]): string =>
  renderColumns(fixed.map(({ name, text }) => ['fixed', name, inOneLine(text)]))

const order = ['broken', 'note', 'ok'] as const

/** Returns the table, what is broken first. Checks that are ok are only counted, unless all are to be shown. */
export function renderChecks(
  checks: readonly Check[],
  { isColoured, all }: { isColoured: boolean; all: boolean },
): string {
  const shown = order
    .filter(state => all || state !== 'ok')
    .flatMap(state => checks.filter(check => check.state === state))
  const rows = shown.flatMap(check => [
    [check.state, check.name, inOneLine(check.text)],
    ...('fix' in check && check.fix !== undefined ? [['', '', `do: ${inOneLine(check.fix)}`]] : []),
  ])
  const paint = (state: keyof typeof colours): string =>
    isColoured ? styleText(colours[state], state) : state
  const table = renderColumns(rows).replace(/^(ok|note|broken)\b/gm, (_, state: keyof typeof colours) =>
    paint(state),
  )
  const fine = checks.filter(({ state }) => state === 'ok').length
  return `${table}${fine} ${fine === 1 ? 'check' : 'checks'} ok\n`
}
