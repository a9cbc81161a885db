/** A jobserver that keeps an account of who took what; see accounting.c. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from './built.js'
import type { ClientKey } from './clients.js'
import { scrubbed } from './jobshim.js'
import type { Pool } from './pool.js'
import { makeWorkspace } from './workspace.js'

/** What a test of it needs. */
export const accountingNeeds: readonly ClientKey[] = ['fuse', 'fuseDevice', 'libfuse']

/** Who owns a token: the process that took it, or the open file by which it did. */
export type Owners = 'process' | 'handle'

export type Mode = { owners: Owners; reserves: boolean; name: string }

export const accountingModes: readonly Mode[] = [
  { owners: 'process', reserves: false, name: 'by process' },
  { owners: 'process', reserves: true, name: 'by process, who polls has a reservation' },
  { owners: 'handle', reserves: false, name: 'by open file' },
  { owners: 'handle', reserves: true, name: 'by open file, who polls has a reservation' },
]

/** What the server says of itself. */
export type Account = {
  free: number
  taken: number // and not yet given back
  reserved: number // promised to who polled
  reading: number // requests that wait
  polling: number // open files that were polled once
  takes: number
  gives: number
  reclaimed: number // tokens, of the dead
  peak: number // the most that were out at once
  crossed: number // tokens that another open file gave back than the one which took them
  tolerated: number // bytes of processes that never took one
  refused: number // other bytes of who owns none
  strangers: string[] // whose these were: `refused make`
}

export type Accounting = {
  path: string
  pool: Pool // it, as a FIFO's pool; its count is what is free
  pid: number // the server's
  account(): Account
  control(line: string): void // see accounting.c
  servant(): number // the one process that serves, a child of the other
  gone(): Promise<void> // once it has ended by itself
  end(): Promise<void>
}

const readAccount = (text: string): Account => {
  const [numbers, strangers] = [/^[a-z]+ -?\d+$/, /^[a-z]+ .*[a-z].*$/].map(pattern =>
    text.split('\n').filter(line => pattern.test(line)),
  )
  const values = Object.fromEntries((numbers ?? []).map(line => line.split(' ')))
  const number = (name: string): number => Number(values[name] ?? Number.NaN)
  return {
    free: number('free'),
    taken: number('taken'),
    reserved: number('reserved'),
    reading: number('reading'),
    polling: number('polling'),
    takes: number('takes'),
    gives: number('gives'),
    reclaimed: number('reclaimed'),
    peak: number('peak'),
    crossed: number('crossed'),
    tolerated: number('tolerated'),
    refused: number('refused'),
    strangers: strangers ?? [],
  }
}

const alive = new Map<ChildProcess, string>()

// Of a test that failed, or a file that ends early.
process.on('exit', () => {
  for (const [server, directory] of alive) {
    server.kill('SIGKILL')
    spawnSync('umount', ['-l', directory], { stdio: 'ignore' })
    rmSync(directory, { recursive: true, force: true })
  }
})

/** Ends the servers of a test that failed: they would keep the test file from ending. */
export function endServers(): void {
  for (const server of alive.keys()) server.stdin?.end()
}

let _program: string | undefined

function program(): string {
  if (_program !== undefined) return _program
  _program = join(makeWorkspace('accounting'), 'accounting')
  buildProgram(_program, ['accounting.c'], ['-I/usr/include/fuse3', '-Wl,--no-as-needed', '-lfuse3'])
  return _program
}

let started = 0

/** Starts a server with so many tokens. It ends with the test file at the latest. */
export async function startAccounting(
  tokens: number,
  { owners, reserves }: Pick<Mode, 'owners' | 'reserves'>,
): Promise<Accounting> {
  const directory = join(tmpdir(), `accounting-${process.pid}-${started++}`)
  const server = spawn(program(), [directory, String(tokens), owners, ...(reserves ? ['reserve'] : [])], {
    env: scrubbed(),
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  alive.set(server, directory)
  const ended = once(server, 'close')
  const first = await Promise.race([once(server.stdout, 'data'), ended])
  assert.is(String(first[0]), 'ready\n')
  const path = join(directory, 'jobserver')
  const account = (): Account => readAccount(readFileSync(join(directory, 'account'), 'utf8'))
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const pool: Pool = {
    fd,
    auth: `fifo:${path}`,
    count: () => '+'.repeat(account().free),
    close: () => closeSync(fd),
  }
  return {
    path,
    pool,
    pid: server.pid ?? -1,
    account,
    control: line => writeFileSync(join(directory, 'control'), line),
    servant: () => Number(readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')),
    async gone() {
      await ended
      alive.delete(server)
    },
    async end() {
      pool.close()
      server.stdin.end()
      const [status] = await ended
      alive.delete(server)
      assert.is(status, 0)
    },
  }
}

/** Nothing is out, and no byte came from who owned none; `crosses`: make reads and writes through two open files. */
export function assertBalanced(server: Accounting, tokens: number, crosses = false): void {
  const { free, taken, reserved, reading, refused, tolerated, strangers, crossed } = server.account()
  assert.ok(crosses || crossed === 0, `${crossed} given back by another open file`)
  assert.equal(
    { free, taken, reserved, reading, refused, tolerated, strangers },
    { free: tokens, taken: 0, reserved: 0, reading: 0, refused: 0, tolerated: 0, strangers: [] },
  )
}
