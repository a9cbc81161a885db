/** Users of one machine, in a mount namespace: /run is there for them alone, and so is a group `jobshim`. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemPool } from '../../src/contract/machine-pool.js'
import { asUser, eve, makeDirectoryOf, maySeeClone, nobody } from '../support/other-user.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { openToOthers, repository } from '../support/workspace.js'
import { type Held, type Start, start } from './held.js'
import { type MachineYard, makeMachineYard } from './machine.js'

const group = 4100
const outsider = 4002

/** `members` are in the group, and the last one is not. */
export const users = { members: [eve, nobody], outsider } as const

export type Machine = {
  yard: MachineYard
  /** Starts a command as that user; it may name a directory for what users write. */
  startAs(uid: number, wishes: Start): Held
  stateOf(uid: number): string
  /** Starts the server that `jobshim setup --system` would have started, and resolves once it is ready. */
  serve(tokens: number): Promise<Held>
  fifo: string // of that server, as the test can open it
}

const ownRun = `mount -t tmpfs none /run
mkdir -m 755 ${systemPool.directory}
mount --bind "$GROUPS_FILE" /etc/group
echo held $$
read -r line || :`

/** Registers a test that only root can do, with such users. */
export const testWithUsers = (name: string, body: () => Promise<void>): void =>
  void (maySeeClone ? test(name, body) : test.skip(name))

/** Makes one, whose users' own pools have so many slots. */
export async function makeMachine(jobs: number): Promise<Machine> {
  const yard = await makeMachineYard(jobs, { tools: ['make'] })
  openToOthers(yard.root)
  const groups = join(yard.root, 'group')
  writeFileSync(groups, `root:x:0:\n${systemPool.group}:x:${group}:\n`)
  writeFileSync(yard.env.LOG ?? '', '')
  chmodSync(yard.env.LOG ?? '', 0o666)
  const place = start({
    env: { ...yard.env, GROUPS_FILE: groups },
    command: ['unshare', '-m', 'sh', '-ec', ownRun],
  })
  await place.tools
  const inside = ['nsenter', '-t', String(place.pid), '-m']
  const runtimes = new Map<number, string>()
  for (const uid of [...users.members, outsider])
    runtimes.set(uid, makeDirectoryOf(uid, join(yard.root, `run-${uid}`)))
  const stateOf = (uid: number): string => join(runtimes.get(uid) ?? '', `jobshim-${uid}`)
  const fifo = `/proc/${place.pid}/root${systemPool.fifo}`
  return {
    yard,
    fifo,
    stateOf,
    startAs(uid, { env = {}, command = ['hold'], ...rest }) {
      const groupsOf = users.members.some(member => member === uid)
        ? [`--groups=${group}`]
        : ['--clear-groups']
      const as = [...asUser(uid).slice(0, -1), ...groupsOf]
      const own = { ...yard.env, XDG_RUNTIME_DIR: runtimes.get(uid), HOME: runtimes.get(uid), ...env }
      return start({ env: own, command: [...inside, ...as, ...command], ...rest })
    },
    async serve(tokens) {
      const words = [
        '--no-config',
        '--dir',
        yard.shims,
        '--fifo',
        systemPool.fifo,
        '--group',
        systemPool.group,
      ]
      const program = [process.execPath, join(repository, 'bin/jobshim.js'), 'serve', ...words, `-j${tokens}`]
      const server = start({ env: { ...yard.env, HOME: yard.root }, command: [...inside, ...program] })
      await until('it is ready', () => server.output.stdout.endsWith('\n'))
      return server
    },
  }
}

/** A directory that this user may write. */
export function directoryOf(uid: number, { yard }: Machine, name: string): string {
  const path = join(yard.root, name)
  mkdirSync(path)
  return makeDirectoryOf(uid, path)
}
