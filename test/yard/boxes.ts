/** Walls between a pool and those who use it: every combination of namespaces that this machine lets us have, as root and as an ordinary user. */
import { spawnSync } from 'node:child_process'
import type { ClientKey } from '../support/clients.js'
import { asUser, eve, isRoot } from '../support/other-user.js'

export type Box = {
  name: string
  needs: readonly ClientKey[]
  user: number | undefined // who has it, and the pool; undefined: we
  hasInit: boolean // killed, it takes along all that is in there
  isUsual: boolean // what `npm test` tries
  enter: (root: string) => readonly string[] // the words before the command, to be said by that user; nothing of /tmp and /run need be in there but `root`
}

/** A /tmp of its own, with nothing in it but the directory that is the first word. */
const alone =
  'mount --bind "$0" /mnt && mount -t tmpfs none /tmp && mkdir -p "$0" && mount --bind /mnt "$0" && exec "$@"'

type Walls = { user?: readonly string[]; pid?: true; net?: true; mount?: true }

const unshareWords = ({ user = [], pid, net, mount }: Walls): string[] => [
  ...user,
  ...(pid ? ['--pid', '--fork', '--mount-proc', '--kill-child'] : []),
  ...(net ? ['--net'] : []),
  ...(mount ? ['--mount'] : []),
]

const asRoot = ['--user', '--map-root-user']

function unshared(walls: Walls, as: number | undefined, isUsual = false): Box {
  const words = unshareWords(walls)
  return {
    name: `${as === undefined ? '' : 'an ordinary user, '}unshare ${words.filter(word => !/^--(fork|kill-child)$/.test(word)).join(' ')}`,
    needs: [],
    user: as,
    hasInit: walls.pid === true,
    isUsual,
    enter: root => ['unshare', ...words, ...(walls.mount ? ['sh', '-c', alone, root] : [])],
  }
}

/** As a container has it: nothing of /tmp and /run is there but the pool, the shims and the tools. */
const contained = (root: string): string[] => [
  ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp', '--tmpfs', '/run'],
  ...['--bind', root, root, '--die-with-parent'],
]

function wrapped(words: readonly string[], as: number | undefined, isUsual = false): Box {
  return {
    name: `${as === undefined ? '' : 'an ordinary user, '}bwrap ${words.join(' ')}`,
    needs: ['bwrap'],
    user: as,
    hasInit: words.some(word => word === '--unshare-all' || word === '--unshare-pid'),
    isUsual,
    enter: root => ['bwrap', ...contained(root), ...words],
  }
}

/** All subsets of them. */
const combinations = (own: readonly string[] | undefined): Walls[] =>
  Array.from({ length: 8 }, (_, bits) => ({
    ...(own === undefined ? {} : { user: own }),
    ...(bits & 1 ? { pid: true as const } : {}),
    ...(bits & 2 ? { net: true as const } : {}),
    ...(bits & 4 ? { mount: true as const } : {}),
  })).filter(walls => Object.keys(walls).length > 0)

const isUsual = ({ user, pid, net, mount }: Walls): boolean =>
  user !== undefined && pid === true && net === undefined && mount === undefined

const ours: readonly Box[] = [
  ...combinations(undefined).map(walls => unshared(walls, undefined)),
  ...combinations(asRoot).map(walls => unshared(walls, undefined, isUsual(walls))),
  wrapped(['--unshare-pid'], undefined, true),
  wrapped(['--unshare-all'], undefined, true), // no network, and no number for who is not its user
]

/** In there root is nobody who can do anything out here, and what belongs to root may belong to nobody. */
const theirs: readonly Box[] = [
  ...combinations(asRoot).map(walls => unshared(walls, eve)),
  unshared({ user: ['--user', '--map-current-user'], pid: true, net: true }, eve), // podman's --userns=keep-id
  wrapped(['--unshare-pid'], eve),
  wrapped(['--unshare-all'], eve),
  wrapped(['--unshare-all', '--uid', '1000', '--gid', '1000'], eve),
]

/** What stands before a command that its user runs. */
export const userOf = ({ user }: Box): readonly string[] => (user === undefined ? [] : asUser(user))

/** Whether this machine lets its user have it. */
export function mayHave(box: Box): boolean {
  const [program = '', ...words] = [...userOf(box), ...box.enter('/var'), 'true']
  return spawnSync(program, words).status === 0
}

export const boxes: readonly Box[] = [...ours, ...(isRoot ? theirs : [])]
