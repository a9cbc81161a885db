/**
 * Builds foreign projects inside `jobshim run --json -j2`, and holds the coverage that the summary, the journal and `status` tell against a
 * count by the kernel's process events: `node dist/test/suites/foreign.js [PROJECT ...]`. As root; fetches Debian's sources.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { journalEvent } from '../../src/timeline/event.js'
import { covered, type KernelRun, length, recordEvents, sum } from '../support/events.js'
import { jobshim, scrubbed } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace, repository } from '../support/workspace.js'
import { debianSources } from './debian.js'

/** What is built in a source's directory. How compilers are called is said behind each. */
const projects: Readonly<Record<string, { sources: readonly string[]; script: string }>> = {
  hello: {
    sources: ['hello'], // by their names
    script: './configure && make MAKEINFO=true HELP2MAN=true',
  },
  cjson: {
    sources: ['cjson'], // by the paths of their shims, which CMake finds
    script: 'cmake -S . -B built && cmake --build built',
  },
  zlib: {
    sources: ['zlib'], // by their names, then by their paths in the slots of a make that joined
    script: './configure && make CC=/usr/bin/gcc',
  },
  'hello and cjson': {
    sources: ['hello', 'cjson'], // some in slots, some in none, at the same time
    script:
      '(./configure && make MAKEINFO=true HELP2MAN=true) & (cd ../../cjson/cjson-*/ && cmake -S . -B built -G Ninja -DCMAKE_C_COMPILER=/usr/bin/gcc && cmake --build built) & wait',
  },
}

const root = makeWorkspace('foreign')
const shims = join(root, 'shims')

/** The real programs that shims stand for, but for those that only start tools. */
function toolPrograms(): Set<string> {
  const clients = /^(bmake|cargo|ccache|cmake|ctest|distcc|g?make|gnumake|go|icecc|ninja|sccache)$/
  const files = readdirSync(join(shims, '.jobshim/tools')).filter(name => !clients.test(name))
  const real = files.map(name =>
    /^real=(.*)$/m.exec(readFileSync(join(shims, '.jobshim/tools', name), 'utf8'))?.at(1),
  )
  return new Set(real.filter(path => path !== undefined).map(path => realpathSync(path)))
}

const isLauncher = ({ program }: KernelRun): boolean => program.includes('/.jobshim/')

type Count = { coverage: number; runs: number; past: number; seconds: number; unknown: number }

type Step = { run: KernelRun; chain: readonly KernelRun[] } // with what is above it, the nearest first

/** Returns the programs that ran below the process `top`, each with what was above it. */
function stepsBelow(events: readonly KernelRun[], top: number): Step[] {
  const byPid = new Map<number, KernelRun[]>()
  for (const run of events) byPid.set(run.pid, [...(byPid.get(run.pid) ?? []), run])
  const at = (pid: number, time: number): KernelRun | undefined =>
    byPid.get(pid)?.findLast(({ began }) => began <= time)
  return events
    .map(run => {
      const chain: KernelRun[] = []
      // What became it: an exec ends one program as it begins the next.
      for (const before of byPid.get(run.pid)?.toReversed() ?? [])
        if (before.ended === (chain.at(-1) ?? run).began) chain.push(before)
      for (let next = at(run.parent, run.began); next !== undefined; next = at(next.parent, next.began)) {
        chain.push(next)
        if (next.pid === top) break
      }
      return { run, chain }
    })
    .filter(({ chain }) => chain.at(-1)?.pid === top)
}

/**
 * Counts the tools' time below the process `top`. A tool runs in a slot if a launcher has started it, or became it, or has started the make
 * above it. What a tool starts is part of it, but if that is a tool in a slot, and itself is in none, then it merely waits meanwhile.
 */
function countTools(events: readonly KernelRun[], top: number): Count {
  const tools = toolPrograms()
  const isTool = ({ program }: KernelRun): boolean => tools.has(program)
  const isStarted = ({ chain }: Pick<Step, 'chain'>): boolean =>
    chain[0] !== undefined && isLauncher(chain[0])
  const isGoverned = ({ chain }: Step): boolean => {
    const make = chain.findIndex(({ program }) => /\/make$/.test(program))
    return isStarted({ chain }) || (make >= 0 && isStarted({ chain: chain.slice(make + 1) }))
  }
  const all = stepsBelow(events, top).filter(({ run }) => isTool(run))
  const outermost = all.filter(({ chain }) => !chain.some(isTool))
  const past = outermost.filter(step => !isGoverned(step))
  const parts = all.filter(step => isStarted(step) && past.some(({ run }) => step.chain.includes(run)))
  const inner = parts.filter(({ chain }) => !parts.some(({ run }) => chain.includes(run)))
  const governed = [...outermost.filter(isGoverned), ...inner]
  const waited = ({ run }: Step): number =>
    covered(
      inner
        .filter(({ chain }) => chain.includes(run))
        .map(({ run, chain }) => ({ ...run, began: chain[0]?.began ?? run.began })),
    )
  const governedSeconds = sum(governed.map(({ run }) => length(run)))
  const pastSeconds = sum(past.map(step => length(step.run) - waited(step)))
  return {
    coverage: governedSeconds / (governedSeconds + pastSeconds),
    runs: outermost.length,
    past: past.length,
    seconds: governedSeconds + pastSeconds,
    unknown: events.filter(({ program }) => program === '?').length,
  }
}

const coverageIn = (line: string | undefined): number | undefined =>
  (JSON.parse(line ?? '{}') as { coverage?: number }).coverage

/** What `status` tells while the build runs, last. */
async function watchStatus(env: NodeJS.ProcessEnv, ended: Promise<unknown>): Promise<number | undefined> {
  let told: number | undefined
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver) {
    await new Promise(resolve => setTimeout(resolve, 1000))
    const { stdout } = await jobshim(['status', '--json', '--dir', shims], { env })
    if (stdout !== '') told = coverageIn(stdout.trimEnd()) ?? told
  }
  return told
}

async function build(name: string, { sources, script }: { sources: readonly string[]; script: string }) {
  const place = join(root, name.replaceAll(' ', '-'))
  mkdirSync(place)
  const fetched = debianSources(place)
  const [directory = place] = sources.map(source => fetched.fetch(source))
  const journal = join(place, 'journal')
  const env = scrubbed({ PATH: '/usr/bin:/bin', HOME: root, XDG_RUNTIME_DIR: join(root, 'run') })
  const words = ['run', '-j2', '--json', '--no-config', '--journal', journal, '--dir', shims]
  const recorder = await recordEvents(join(place, 'events'))
  const child = spawn(
    process.execPath,
    [join(repository, 'bin/jobshim.js'), ...words, '--', 'sh', '-ec', script],
    {
      cwd: directory,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  const atStatus = await watchStatus(env, ended)
  const status = await ended
  const counted = countTools((await recorder.end()).runs, child.pid ?? -1)
  const last = journalEvent.parse(
    JSON.parse(readFileSync(journal, 'utf8').trimEnd().split('\n').at(-1) ?? ''),
  )
  const inJournal = last.event === 'end' ? last.coverage : undefined
  return {
    status,
    stderr,
    told: coverageIn(stderr.trimEnd().split('\n').at(-1)),
    inJournal,
    atStatus,
    counted,
  }
}

const percent = (share: number | undefined): string =>
  share === undefined ? 'nothing' : `${(share * 100).toFixed(1)} %`

mkdirSync(join(root, 'run'), { mode: 0o700 })
await installShims(shims, { args: ['--no-config'], env: { PATH: '/usr/bin:/bin', HOME: root } })
const wanted = process.argv.slice(2)
for (const [name, project] of Object.entries(projects)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const { status, stderr, told, inJournal, atStatus, counted } = await build(name, project)
  const { coverage, runs, past, seconds, unknown } = counted
  const isRight =
    status === 0 && told !== undefined && told === inJournal && Math.abs(told - coverage) <= 0.02
  if (!isRight) process.exitCode = 1
  console.log(
    `${isRight ? 'ok  ' : 'FAIL'} ${name}: ends with ${status}; the summary tells ${percent(told)}, the journal ${percent(inJournal)}, status at its last look ${percent(atStatus)}; ` +
      `counted ${percent(coverage)} of ${seconds.toFixed(1)} s in ${runs} runs, ${past} past the shims; ${unknown} short ones not known`,
  )
  if (status !== 0) console.log(stderr)
}
