/** Builds that share one `jobshim serve`, or a server that keeps an account, while somebody kills whatever belongs to them. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Accounting } from '../support/accounting.js'
import { clients, findClient } from '../support/clients.js'
import { makeCounted } from '../support/counted.js'
import { scrubbed } from '../support/jobshim.js'
import { accounted, openAccount } from '../support/pools.js'
import { describe, killAll, type Process, processes, processesOf } from '../support/processes.js'
import { installShims } from '../support/shimdir.js'
import { writeSources } from '../support/sources.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import type { Builder } from './builders.js'
import { type Door, isSupervisor, type Killer, startKiller } from './killer.js'

/**
 * What takes so long stands still. Builds whose shell was killed go on, and each may have a token, as far as anybody can tell: while there
 * are as many of them as tokens, fifty compilers may have to run one after the other.
 */
const hangMs = 120_000

/** Tools that may run beside the pool's: the root slot that builds without a client share, and cargo's own. Below `run` a token pays for it. */
const ownSlots: Readonly<Record<Door, number>> = { shim: 2, sandbox: 0 }

export type Figures = {
  kills: number
  builds: number // that ended, most of them by a kill
  peak: number // tools at once that a living build started
  reclaimed: number // tokens, from killed launchers; by a server with an account, from anybody
  restored: number // tokens, from killed clients
  most: number // free tokens ever seen
  crowd?: string // who ran as there were too many, and all above them
  hangs: string[]
  free: number // tokens at the end
}

const variable = 'JOBSHIM_TEST_STORM'
const marker = `${variable}=${process.pid}` // other storms may blow beside us

function crowdOf(tools: readonly number[], all: readonly Process[]): string {
  const processOf = new Map(all.map(process => [process.pid, process]))
  const above = (pid: number): Process[] => {
    const found = processOf.get(pid)
    return found === undefined || pid === process.pid ? [] : [found, ...above(found.parent)]
  }
  return tools.map(tool => `${describe(above(tool))}\n`).join('\n')
}

export class Storm {
  readonly #root = makeWorkspace('storm')
  readonly #counted = makeCounted(join(this.#root, 'counted'))
  readonly figures: Figures = {
    kills: 0,
    builds: 0,
    peak: 0,
    reclaimed: 0,
    restored: 0,
    most: 0,
    hangs: [],
    free: 0,
  }
  #killer: Killer | undefined // while a storm blows
  #shims = ''
  #started = 0
  #server: ReturnType<typeof spawn> | undefined
  #account: Accounting | undefined // in its place

  constructor(
    readonly tokens: number,
    readonly seed: number,
    readonly door: Door = 'shim',
  ) {}

  /** The jobserver's. */
  get #path(): string {
    return this.#account?.path ?? join(this.#root, 'fifo')
  }

  get #look(): string {
    return join(this.#shims, '.jobshim/look')
  }

  /** Makes the shims, with other programs than ours if they are given, and the server. */
  async open(programs: { launcher?: string; look?: string } = {}): Promise<void> {
    const { bin } = this.#counted
    this.#shims = await installShims(join(this.#root, 'shims'), {
      ...programs,
      env: { PATH: `${bin}:${process.env.PATH}` },
    })
    for (const name of ['run', 'tmp']) mkdirSync(join(this.#root, name), { mode: 0o700 })
    if (accounted === undefined) await this.#serve()
    else this.#account = await openAccount(this.tokens, accounted)
  }

  async #serve(): Promise<void> {
    const command = [
      ...[join(repository, 'bin/jobshim.js'), 'serve', '--no-config', '--dir', this.#shims],
      ...['--fifo', this.#path, `-j${this.tokens}`],
    ]
    this.#server = spawn(process.execPath, command, {
      env: scrubbed({ HOME: this.#root }),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await new Promise(resolve => this.#server?.stdout?.once('data', resolve))
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === undefined || server.exitCode !== null) return
    await new Promise(resolve => server.once('exit', resolve) && server.kill('SIGTERM'))
  }

  /** Runs the builds over and over for `seconds` while `perSecond` processes of theirs are killed; then waits for them. */
  async blow(kinds: readonly Builder[], seconds: number, perSecond: number): Promise<void> {
    const end = performance.now() + seconds * 1000
    const until = (): boolean => performance.now() < end
    const watch = this.#watch()
    this.#killer = startKiller({ door: this.door, seed: this.seed + this.#started, perSecond, seconds })
    await Promise.all([
      this.#killer.ended.then(kills => {
        this.figures.kills += kills
        this.#killer = undefined
      }),
      ...kinds.map(async kind => {
        while (until()) await this.build(kind)
      }),
    ])
    watch.stop()
    await watch.stopped
  }

  /** One build; returns its status. What hangs is noted, and ended. */
  async build({ name, needs, files, command }: Builder): Promise<number | null> {
    // A new one each time: what is left of a killed build may still write into its own.
    const directory = join(this.#root, `${this.#started++}-${name}`.replaceAll(' ', '-'))
    mkdirSync(directory)
    writeSources(directory)
    writeFiles(directory, files)
    const bin = join(directory, 'bin')
    mkdirSync(bin)
    for (const key of needs)
      symlinkSync(join(findClient(key) ?? '', clients[key].program), join(bin, clients[key].program))
    const [program = '', ...args] = this.#commandOf(command)
    const child = spawn(program, args, {
      cwd: directory,
      detached: true,
      stdio: 'ignore',
      env: scrubbed({
        PATH: [this.#pathOf(), this.#counted.bin, bin, process.env.PATH].flat().join(delimiter),
        HOME: process.env.HOME,
        XDG_RUNTIME_DIR: join(this.#root, 'run'),
        TMPDIR: join(this.#root, 'tmp'), // killed compilers leave files there
        ...(this.door === 'shim' && {
          MAKEFLAGS: ` -j${this.tokens} --jobserver-auth=fifo:${this.#path}`,
        }),
        JOBSHIM_PATIENCE: '5',
        CARGO_INCREMENTAL: '0',
        [variable]: String(process.pid),
      }),
    })
    const session = child.pid ?? -1
    this.#killer?.aim({ session, alive: true })
    const ended = new Promise<number | null>(resolve => child.once('exit', status => resolve(status)))
    const hang = sleep(hangMs, 'hangs' as const, { ref: false })
    const status = await Promise.race([ended, hang])
    this.#killer?.aim({ session, alive: false })
    if (status === 'hangs') {
      const left = processesOf(session, marker)
      this.figures.hangs.push(`${name}\n${describe(left)}`)
      killAll(left)
      return null
    }
    this.figures.builds += 1
    return status
  }

  #pathOf(): string[] {
    return this.door === 'shim' ? [this.#shims] : []
  }

  // The shell is no client, and killed like any other.
  #commandOf(command: readonly string[]): readonly string[] {
    if (this.door === 'shim') return ['sh', '-c', '"$0" "$@"; exit $?', ...command]
    const options = ['--sandbox', '--quiet', '--no-config', '--dir', this.#shims]
    const pool = ['--jobserver', `fifo:${this.#path}`, `-j${this.tokens}`]
    return [
      process.execPath,
      join(repository, 'bin/jobshim.js'),
      'run',
      ...options,
      ...pool,
      '--',
      ...command,
    ]
  }

  /** Waits for the last of what killed builds left behind, then at most two seconds for all tokens to be back. */
  async settle(): Promise<number> {
    const hangs = performance.now() + hangMs
    while (processesOf(-1, marker).length > 0 && performance.now() < hangs) await sleep(20)
    const left = this.door === 'shim' ? [] : processesOf(-1, marker)
    if (left.length > 0) this.figures.hangs.push(`left over\n${describe(left)}`)
    killAll(left)
    const end = performance.now() + 2000
    while (this.free() !== this.tokens && performance.now() < end) await sleep(20)
    this.figures.free = this.free()
    Object.assign(this.figures, this.#counters())
    return this.figures.free
  }

  // By what there was after the tools were seen. The one whose caller was killed has no launcher, and so is nobody's; in the sandbox it has
  // its slot until the supervisor, `run` or the command's launcher, which has the command's slot, is killed.
  #governed(all: readonly Process[]): (pid: number) => boolean {
    const living = all.filter(({ state, exits }) => state !== 'Z' && !exits)
    const processOf = new Map(living.map(process => [process.pid, process]))
    const isBelow = (pid: number | undefined, top: number): boolean =>
      pid === top || (pid !== undefined && pid > 1 && isBelow(processOf.get(pid)?.parent, top))
    if (this.door === 'shim') return pid => isBelow(pid, process.pid)
    const supervised = new Set(living.filter(isSupervisor).map(({ parent }) => parent))
    const holding = living.filter(({ command }) => command.includes('/launcher --token '))
    const whole = new Set(holding.map(({ session }) => session).filter(session => supervised.has(session)))
    return pid => whole.has(processOf.get(pid)?.session ?? -1)
  }

  #counters(): Pick<Figures, 'reclaimed' | 'restored'> {
    if (this.#account !== undefined) return { reclaimed: this.#account.account().reclaimed, restored: 0 }
    const { counters } = this.#status()
    return { reclaimed: counters.reclaimed, restored: counters.restored }
  }

  #status(): { counters: { reclaimed: number; restored: number }; rows: unknown[] } {
    const status = ['status', '--json', '--no-config', '--dir', this.#shims]
    const words = [join(repository, 'bin/jobshim.js'), ...status, '--jobserver', `fifo:${this.#path}`]
    const env = scrubbed({ HOME: this.#root })
    return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8', env }))
  }

  /** The tokens in the pool; none is moved by looking. */
  free(): number {
    if (this.#account !== undefined) return this.#account.account().free
    const { stdout } = spawnSync(this.#look, ['jobserver'], {
      env: scrubbed({ JOBSHIM_JOBSERVER: `fifo:${this.#path}` }),
      encoding: 'utf8',
    })
    return Number(stdout.split('\0')[1])
  }

  // Counts, again and again, the tools of which somebody is to see that they are not too many.
  #watch(): { stop: () => void; stopped: Promise<void> } {
    let over = false
    const look = (): void => {
      const tools = this.#counted.running()
      const all = processes()
      const governed = this.#governed(all)
      const running = tools.filter(governed)
      if (running.length > this.limit && running.length > this.figures.peak)
        this.figures.crowd = crowdOf(running, all)
      this.figures.peak = Math.max(this.figures.peak, running.length)
      this.figures.most = Math.max(this.figures.most, this.free())
    }
    const stopped = (async () => {
      while (!over) {
        look()
        await sleep(10)
      }
    })()
    return {
      stop() {
        over = true
      },
      stopped,
    }
  }

  /** The most tools that may run at once. */
  get limit(): number {
    return this.tokens + ownSlots[this.door]
  }

  /** The tools and waiters of which the pool's ledger has a record. */
  rows(): number {
    return this.#status().rows.length
  }

  /** Whether the server's files are gone, once it has ended. */
  isGone(): boolean {
    return !existsSync(join(this.#root, 'fifo'))
  }
}
