/** Systems of a test's own, for what changes files of root's: only what is changed there is theirs, and it ends with the test. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { repository } from './workspace.js'

/** What stands before a shell that is to have one: its processes end with the first of them. */
export const inItself = ['unshare', '-m', '--pid', '--fork', '--mount-proc', '--kill-child']

/**
 * Lines of shell by which these directories become copies, /run and /home empty. Over a copy may lie what a package holds for it; each
 * is one overlay, since few may lie on each other, and the machine itself may stand on one.
 */
export function ownSystem(copies: Readonly<Record<string, string | undefined>>): string {
  const overlays = Object.entries(copies).map(([directory, over]) => {
    const own = `/mnt/${directory}`
    const lower = [...(over === undefined ? [] : [over]), `/${directory}`].join(':')
    const options = `lowerdir=${lower},upperdir=${own}-upper,workdir=${own}-work`
    return `mkdir -p ${own}-upper ${own}-work\nmount -t overlay none -o ${options} /${directory}`
  })
  return [
    'mount -t tmpfs none /mnt',
    ...overlays,
    'mount -t tmpfs none /run',
    'mount -t tmpfs none /home',
  ].join('\n')
}

/** What .ci/clients has unpacked of a package that runs in such a system alone. */
export const packageAt = (name: string, directory: string): string =>
  join(repository, '.cache/clients', name, directory)

/** Whether this machine lets us have such a system, and what further lines do in it. */
export const maySystem = (copies: Readonly<Record<string, string | undefined>>, more = ''): boolean =>
  spawnSync('unshare', [...inItself.slice(1), 'sh', '-ec', `${ownSystem(copies)}\n${more}`]).status === 0
