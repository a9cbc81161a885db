import { explainBypass } from '../bypass/explanation.js'
import { coverageOf, type ToolUse, toolUsesOf } from '../bypass/tool-watch.js'
import { loadSettings } from '../config/load.js'
import { environment as names } from '../contract/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { findStateDirectory } from '../ground/paths.js'
import { print } from '../ground/print.js'
import { shWord } from '../ground/shell-word.js'
import { findAuth } from '../jobserver/auth.js'
import { lookAtJobserver, type Picture } from '../jobserver/picture.js'
import { livingJobservers, poolName } from '../jobserver/registry.js'
import { usableLauncher, usableLook } from '../shimdir/ensure.js'
import { command } from './command.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'
import { buildTitle, renderStatus, type Snapshot } from './status-page.js'

export const status = command({
  name: 'status',
  summary: 'print the builds that share a jobserver, their slots, and who waits',
  options: [
    {
      name: 'jobserver',
      kind: 'text',
      value: 'AUTH',
      completes: { kind: 'jobserver' },
      text: 'fifo:PATH (default: the one in the environment, else the only one of yours)',
    },
    { name: 'job', kind: 'text', value: 'NAME', text: 'only the builds of that name' },
    { name: 'watch', kind: 'switch', text: 'draw it again once a second, until q or ^C' },
    jsonOption,
    dirOption,
    ...configOptions,
  ],
  notes:
    'A build is what JOBSHIM_JOB names, else what make or the like has started, else a session. Below it are its tools: those ' +
    'that run, then those that wait.',
  examples: [
    { line: 'jobshim status', text: 'of the build or server that runs' },
    { line: 'jobshim status --watch', text: 'the same, once a second' },
    { line: 'jobshim status --job agent-2', text: 'of the build that JOBSHIM_JOB names so' },
    { line: 'jobshim status --jobserver fifo:/run/jobshim/fifo', text: 'of a jobshim serve' },
  ],
  async run({ flags, workingDirectory, environment }) {
    const { dir } = await loadSettings(flags, workingDirectory, environment)
    const launcher = await usableLauncher(dir, environment)
    const look = await usableLook(dir, environment)
    const named = await addressed(flags.jobserver, environment)
    const { job } = flags
    const { HOME: home } = environment
    const state = findStateDirectory(environment)
    const snapshot = (): Snapshot => {
      const picture = lookAtJobserver(look, named)
      const uses = toolUsesOf(state, picture.jobserver)
      return withBypasses({ ...picture, name: poolName(picture.jobserver, state) }, uses, launcher)
    }
    const chosen = (seen: Snapshot): Snapshot => (job === undefined ? seen : ofJob(seen, job, home))
    const { stdout } = process
    const page = (seen: Snapshot, rows?: number): string =>
      renderStatus(chosen(seen), { columns: stdout.columns || 120, rows, home })
    const json = (seen: Snapshot): string => `${renderJson(chosen(seen))}\n`
    if (!flags.watch) {
      const seen = snapshot()
      if (job !== undefined && chosen(seen).builds.length === 0) throw noBuild(seen, job, home)
      print(flags.json ? json(seen) : page(seen))
      return exitCodes.ok
    }
    const { redraw, untilQuit } = await import('../ground/redraw.js')
    if (flags.json) await untilQuit(async () => void process.stdout.write(json(snapshot())))
    else if (stdout.isTTY) await redraw(rows => page(snapshot(), rows))
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

function withBypasses(
  picture: Picture & { name: string },
  toolUses: readonly ToolUse[],
  launcher: string,
): Snapshot {
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

/** Returns what is of the builds of that name. */
function ofJob(snapshot: Snapshot, job: string, home: string | undefined): Snapshot {
  const kept = snapshot.builds.flatMap((build, number) =>
    [build.name, buildTitle(build, home)].includes(job) ? [number] : [],
  )
  return {
    ...snapshot,
    builds: snapshot.builds.filter((_, number) => kept.includes(number)),
    rows: snapshot.rows.flatMap(row =>
      row.build !== undefined && kept.includes(row.build) ? [{ ...row, build: kept.indexOf(row.build) }] : [],
    ),
  }
}

function noBuild({ builds }: Picture, job: string, home: string | undefined): Failure {
  const titles = [...new Set(builds.map(build => buildTitle(build, home)))]
  return new Failure(
    `no build is called ${shWord(job)}`,
    titles.length === 0
      ? 'there is none now: nobody has a slot, or waits for one'
      : `name one of these: ${titles.map(title => `--job ${shWord(title)}`).join(', ')}`,
  )
}
