import sliceAnsi from 'slice-ansi'
import { type Bypass, renderBypasses } from '../bypass/bypass.js'
import { explainBypass } from '../bypass/explanation.js'
import { coverageOf, type ToolUse, toolUsesOf } from '../bypass/tool-watch.js'
import { loadSettings } from '../config/load.js'
import { environment as names } from '../contract/environment.js'
import { renderColumns } from '../ground/columns.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { findStateDirectory } from '../ground/paths.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { findAuth } from '../jobserver/auth.js'
import { lookAtJobserver, type Picture, type Row } from '../jobserver/picture.js'
import { livingJobservers } from '../jobserver/registry.js'
import { usableLauncher, usableLook } from '../shimdir/ensure.js'
import { command } from './command.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'

export const status = command({
  name: 'status',
  summary: 'print who holds a slot of a jobserver, who waits, and for how long',
  options: [
    {
      name: 'jobserver',
      kind: 'text',
      value: 'AUTH',
      completes: { kind: 'jobserver' },
      text: 'fifo:PATH (default: the one in the environment, else the only one of yours)',
    },
    { name: 'watch', kind: 'switch', text: 'draw it again once a second, until q or ^C' },
    jsonOption,
    dirOption,
    ...configOptions,
  ],
  notes:
    'It lists launchers, and clients that came through an adapter. What make, ninja and cargo take by themselves ' +
    'shows only in the number of free tokens.',
  examples: [
    { line: 'jobshim status', text: 'of the build or server that runs' },
    { line: 'jobshim status --watch', text: 'the same, once a second' },
    { line: 'jobshim status --jobserver fifo:/run/jobshim/fifo', text: 'of a jobshim serve' },
  ],
  async run({ flags, workingDirectory, environment }) {
    const { dir } = await loadSettings(flags, workingDirectory, environment)
    const launcher = await usableLauncher(dir, environment)
    const look = await usableLook(dir, environment)
    const named = await addressed(flags.jobserver, environment)
    const text = (): string => {
      const picture = lookAtJobserver(look, named)
      const snapshot = withBypasses(
        picture,
        toolUsesOf(findStateDirectory(environment), picture.jobserver),
        launcher,
      )
      return flags.json ? `${renderJson(snapshot)}\n` : render(snapshot, process.stdout.columns || 120)
    }
    if (!flags.watch) {
      print(text())
      return exitCodes.ok
    }
    const { redraw, untilQuit } = await import('../ground/redraw.js')
    if (flags.json) await untilQuit(async () => void process.stdout.write(text()))
    else if (process.stdout.isTTY) await redraw(text)
    else
      throw new Failure('--watch: stdout is no terminal', 'add --json for a line a second', exitCodes.usage)
    return exitCodes.ok
  },
})

async function addressed(
  auth: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  if (auth !== undefined) return { ...environment, [names.jobserver]: auth }
  const { MAKEFLAGS: make = '', CARGO_MAKEFLAGS: cargo = '' } = environment
  if (environment[names.jobserver] || findAuth(make) || findAuth(cargo)) return environment
  const [fifo, ...others] = livingJobservers(findStateDirectory(environment))
  if (fifo === undefined)
    throw new Failure(
      "no jobserver in the environment, no jobshim run or serve of yours, and nobody in the machine's pool",
      'name one with --jobserver fifo:PATH',
    )
  if (others.length > 0)
    throw new Failure(
      `${others.length + 1} jobservers: which one?`,
      `jobshim status --jobserver fifo:${fifo} (or ${others.join(', ')})`,
    )
  return { ...environment, [names.jobserver]: `fifo:${fifo}` }
}

function doing({ state, slot }: Row): string {
  if (state === 'tool') return "caller's"
  return state === 'held' ? slot : state
}

/** A picture, and what the runs below that jobserver have seen. */
type Snapshot = Picture & {
  coverage: number | undefined // governed tool seconds / all tool seconds
  past: readonly Bypass[]
}

function withBypasses(picture: Picture, toolUses: readonly ToolUse[], launcher: string): Snapshot {
  const sum = (of: (toolUse: ToolUse) => number): number =>
    toolUses.reduce((all, toolUse) => all + of(toolUse), 0)
  return {
    ...picture,
    coverage: coverageOf({
      governedSeconds: sum(toolUse => toolUse.governedSeconds),
      bypassingSeconds: sum(toolUse => toolUse.bypassingSeconds),
    }),
    past: toolUses.flatMap(({ bypassing }) => bypassing).map(tools => explainBypass(tools, launcher)),
  }
}

/** Returns the text for a terminal that is `width` wide. */
export function render(snapshot: Snapshot, width: number): string {
  const { jobserver, free, total, rows, counters, ledger } = snapshot
  const count = (is: (row: Row) => boolean): number => rows.filter(row => row.alive && is(row)).length
  const gated = count(row => row.state === 'gated')
  const head = [
    `${jobserver}: ${free ?? '?'} of ${total ?? '?'} tokens free`,
    `${count(row => row.state === 'held' && row.slot === 'token')} held by launchers`,
    `${count(row => row.state === 'waiting' || row.state === 'acquiring')} waiting`,
    ...(gated > 0 ? [`${gated} kept by a rule`] : []),
    ...(counters && counters.overdrafts > 0 ? [`${counters.overdrafts} ran without a slot`] : []),
    ...(counters && counters.reclaimed > 0 ? [`${counters.reclaimed} reclaimed`] : []),
    ...(counters && counters.restored > 0 ? [`${counters.restored} put back for killed clients`] : []),
    ...(ledger === undefined ? ['no ledger'] : []),
  ].join(', ')
  const blind = snapshot.blind === undefined ? [] : [`no census of clients: ${snapshot.blind}`]
  const census = snapshot.accounts ? ['this jobserver keeps its own account'] : blind
  const lines = renderColumns(
    [...rows]
      .sort((a, b) => b.seconds - a.seconds)
      .map(row => [
        row.tool,
        String(row.pid),
        row.alive ? doing(row) : 'gone',
        `${row.seconds.toFixed(1)} s`,
        row.command,
      ]),
  )
  // A wide character that the cut falls into is kept whole.
  const cut = (line: string): string => sliceAnsi(line, 0, width - 1).trimEnd()
  const bypasses = snapshot.past.length === 0 ? [] : renderBypasses(snapshot.past, snapshot.coverage)
  return `${visibleLines([head, ...census, ...bypasses])}${lines.replace(/^.*$/gm, cut)}`
}
