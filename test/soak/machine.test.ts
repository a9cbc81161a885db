/** Sessions that nobody has wired together share the machine's pool, while any of their processes is killed at any time. */
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { type LedgerCounters, readCounters } from '../../src/jobserver/ledger.js'
import { afterEach } from '../support/after-each.js'
import { findClient } from '../support/clients.js'
import { type Counted, makeCounted } from '../support/counted.js'
import { scrubbed } from '../support/jobshim.js'
import { describe, killAll, type Process, processes, processesOf } from '../support/processes.js'
import { random, seed } from '../support/random.js'
import { writeSources } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { type MachineYard, makeMachineYard, waitsInMachine } from '../yard/machine.js'
import { builders } from './builders.js'

/**
 * JOBSHIM_TEST_SOAK=SECONDS   how long the storms last in all (12)
 * JOBSHIM_TEST_SEED=N         whom they hit
 */
const seconds = Number(process.env.JOBSHIM_TEST_SOAK ?? 12)
const rounds = Math.max(2, Math.round(seconds / 6))
const perSecond = 15
const total = 4
const hangMs = 120_000
const wholeMs = 2000

const variable = 'JOBSHIM_TEST_MACHINE_STORM'
const marker = `${variable}=${process.pid}`

const filesOf = (name: string): Readonly<Record<string, string>> =>
  builders.find(builder => builder.name === name)?.files ?? {}

type Session = { name: string; files: Readonly<Record<string, string>>; line: string }

const sessions: readonly Session[] = [
  { name: 'make', files: filesOf('make 4.4'), line: 'make -s -j16' },
  { name: 'another-make', files: filesOf('make 4.4'), line: 'make -s -j3' },
  { name: 'ninja', files: filesOf('ninja 1.13'), line: 'ninja --quiet' },
  { name: 'script', files: {}, line: 'for file in *.c; do cc -c $file & done; wait' },
]

type Figures = {
  kills: number
  builds: number
  peak: number
  most: number
  slowestMs: number
  hangs: string[]
}

class Storm {
  readonly figures: Figures = { kills: 0, builds: 0, peak: 0, most: 0, slowestMs: 0, hangs: [] }
  readonly #root = makeWorkspace('machine-storm')
  readonly #chance = random(seed)
  readonly #living = new Set<number>()
  #started = 0

  constructor(
    readonly yard: MachineYard,
    readonly counted: Counted,
    readonly env = { ...yard.env, JOBSHIM_PATIENCE: '0' }, // else who waits long goes on without a slot
  ) {}

  static async open(path: readonly string[]): Promise<Storm> {
    const counted = makeCounted(makeWorkspace('counted'))
    const tools = ['cc', 'make', 'ninja']
    return new Storm(await makeMachineYard(total, { path: [counted.bin, ...path], tools }), counted)
  }

  async #build({ name, files, line }: Session): Promise<void> {
    const directory = join(this.#root, `${this.#started++}-${name}`)
    writeFiles(directory, files)
    writeSources(directory)
    const child = spawn('sh', ['-c', line], {
      cwd: directory,
      detached: true,
      stdio: 'ignore',
      env: scrubbed({ ...this.env, TMPDIR: this.#root, [variable]: String(process.pid) }),
    })
    const pid = child.pid ?? -1
    this.#living.add(pid)
    const ended = new Promise<'ended'>(resolve => child.once('exit', () => resolve('ended')))
    const outcome = await Promise.race([ended, sleep(hangMs, 'hangs' as const, { ref: false })])
    this.#living.delete(pid)
    this.figures.builds++
    if (outcome === 'ended') return
    const left = processesOf(pid, marker)
    this.figures.hangs.push(`${name}\n${describe(left)}`)
    killAll(left)
  }

  /** A kind first: there are more tools than launchers, and more launchers than clients. */
  #strike(): void {
    const all = processes().filter(({ session, state }) => this.#living.has(session) && state !== 'Z')
    const kindOf = ({ pid, session, command }: Process): string =>
      pid === session
        ? 'group'
        : command.includes('/.jobshim/') || command.includes(this.yard.shims)
          ? 'launcher'
          : /^(make|ninja)/.test(command)
            ? 'client'
            : 'tool'
    const kinds = [...new Set(all.map(kindOf))].sort()
    const kind = kinds[Math.floor(this.#chance() * kinds.length)]
    const among = all.filter(process => kindOf(process) === kind)
    const victim = among[Math.floor(this.#chance() * among.length)]
    if (victim === undefined) return
    try {
      process.kill(kind === 'group' && this.#chance() < 0.5 ? -victim.pid : victim.pid, 'SIGKILL')
      this.figures.kills++
    } catch {
      // it has ended by itself
    }
  }

  /** Tokens in the pool; -1 if there is none. */
  free(): number {
    const { stdout } = spawnSync(join(this.yard.shims, '.jobshim/look'), ['jobserver'], {
      env: scrubbed({ JOBSHIM_JOBSERVER: `fifo:${this.yard.fifo}` }),
      encoding: 'utf8',
    })
    return Number(stdout.split('\0')[1] ?? -1)
  }

  counters(): LedgerCounters {
    const ledger = openSync(`${this.yard.fifo}.ledger`, 'r')
    try {
      return readCounters(ledger)
    } finally {
      closeSync(ledger)
    }
  }

  // Tools of builds that live: what a killed client leaves behind runs in a slot that its adapter has given back.
  #record(): void {
    const living = processes().filter(({ exits }) => !exits)
    const parents = new Map(living.map(({ pid, parent }) => [pid, parent]))
    const isBelow = (pid: number | undefined): boolean =>
      pid === process.pid || (pid !== undefined && pid > 1 && isBelow(parents.get(pid)))
    this.figures.peak = Math.max(this.figures.peak, this.counted.running().filter(isBelow).length)
    this.figures.most = Math.max(this.figures.most, this.free())
  }

  async blow(forSeconds: number): Promise<void> {
    const end = performance.now() + forSeconds * 1000
    const goesOn = (): boolean => performance.now() < end
    const repeat = async (ms: number, act: () => void): Promise<void> => {
      for (; goesOn(); await sleep(ms)) act()
    }
    await Promise.all([
      repeat(1000 / perSecond, () => this.#strike()),
      repeat(10, () => this.#record()),
      ...sessions.map(async session => {
        while (goesOn()) await this.#build(session)
      }),
    ])
    const hangs = performance.now() + hangMs
    while (processesOf(-1, marker).length > 0 && performance.now() < hangs) await sleep(20)
    const left = processesOf(-1, marker)
    if (left.length > 0) this.figures.hangs.push(`left over\n${describe(left)}`)
    killAll(left)
  }

  /** All tokens can be had, beside that of one user who has been there all the time, and not one more. */
  async assertWhole(): Promise<void> {
    const said = (): string => JSON.stringify({ seed, ...this.figures }, undefined, 2)
    const began = performance.now()
    const holders = Array.from({ length: total - 1 }, () => start({ env: this.env }))
    for (const holder of holders) await holder.tools
    this.figures.slowestMs = Math.max(this.figures.slowestMs, Math.round(performance.now() - began))
    const waiter: Held = start({ env: this.env })
    await waitsInMachine(this.yard, waiter)
    await sleep(wholeMs) // time for a census to put back what nobody has lost
    assert.is(waiter.output.stdout, '', said())
    assert.is(this.free(), 0, said())
    for (const holder of [...holders, waiter]) assert.is((await holder.end()).status, 7, said())
    assert.equal(this.figures.hangs, [], said())
    assert.ok(this.figures.most < total, said()) // the one user has a token
    assert.ok(this.figures.peak < total, said())
    assert.ok(this.figures.slowestMs <= wholeMs, said())
  }
}

testWith(
  ['make44', 'ninja113'],
  `soak :: machine :: ${rounds} storms of ${perSecond} kills a second`,
  async path => {
    const storm = await Storm.open([path, findClient('ninja113') ?? ''])
    const user = start({ env: storm.env })
    await user.tools
    for (let round = 0; round < rounds; round++) {
      await storm.blow(seconds / rounds)
      await storm.assertWhole()
    }
    const { restored, reclaimed } = storm.counters()
    assert.is((await user.end()).status, 7)
    // The recorder may have had it open as the last one left.
    assert.equal(await holdOnce(storm.yard, {}), ran())
    assert.equal(storm.yard.files(), [])
    const { hangs, ...figures } = storm.figures
    console.log(
      `\nmeasured ${JSON.stringify({ seed, rounds, seconds, restored, reclaimed, ...figures, hangs: hangs.length })}`,
    )
  },
)

afterEach(killStarted)
test.run()
