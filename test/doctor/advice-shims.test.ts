import { chmodSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { addTools } from '../support/patient.js'
import { plainLauncher } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { advised, makeShell, type Shell, type Sick } from './advised.js'

/** A row of a shell whose shims have come to harm. */
const harmed =
  (row: string, harm: (shell: Shell) => void, tools: Record<string, string> = {}) =>
  async (): Promise<Sick> => {
    const shell = await makeShell({ tools })
    harm(shell)
    return { row, work: shell.work, env: shell.env }
  }

const script = '#!/bin/sh\n'

advised('shims-none', 'a directory that is not there yet', async () => {
  const { work, root, env } = await makeShell()
  return { row: 'shims', work, env: { ...env, JOBSHIM_DIR: join(root, 'nowhere') } }
})
advised('shims-none', 'one that --dir names', async () => {
  const { work, root, env } = await makeShell()
  return { row: 'shims', work, env, args: ['--dir', join(root, 'nowhere at all')] }
})
advised(
  'shims-lost',
  'a program in the place of a shim',
  harmed('shims', ({ shims, tools }) => {
    unlinkSync(join(shims, 'gcc'))
    symlinkSync(join(tools, 'gcc'), join(shims, 'gcc'))
  }),
)
advised(
  'shims-damaged',
  'what is wanted is not readable',
  harmed('shims', ({ shims }) => writeFileSync(join(shims, '.jobshim/wanted'), '')),
)
advised(
  'shims-unwritten',
  'what is wanted is not written down',
  harmed('shims', ({ shims }) => rmSync(join(shims, '.jobshim/wanted'))),
)
advised('shims-refused', 'a directory that everybody can write', async () => {
  const { work, root, shims, env } = await makeShell()
  chmodSync(shims, 0o777)
  const dir = join(root, 'own')
  const byHand = (fix: string) => {
    assert.is(fix, 'name a directory of your own with --dir')
    return { args: ['--dir', dir], first: `jobshim install --dir '${dir}' >&2` }
  }
  return { row: 'shims', work, env, byHand }
})
advised(
  'tools-dead',
  'a tool that is gone',
  harmed('real tools', ({ tools }) => rmSync(join(tools, 'gcc-99')), { 'gcc-99': script }),
)
advised('tools-missing', 'a tool that the config asks for', async () => {
  const { work, tools, env } = await makeShell()
  writeFiles(work, { '.jobshimrc': '{ "tools": ["gcc", "no-such-as"], "noJobserver": "machine" }' })
  const byHand = () => {
    addTools(tools, { 'no-such-as': script })
    return { first: 'jobshim install >&2' }
  }
  return { row: 'tools without a shim', work, env, byHand }
})
advised(
  'tools-uncovered',
  'a tool that was installed later',
  harmed('tools without a shim', ({ tools }) => addTools(tools, { 'gcc-99': script })),
)

/** A launcher that has come to harm, in a shim dir that is else as it was. */
const withLauncher = (harm: (launcher: string, shell: Shell) => void) =>
  harmed('launcher', shell => harm(join(shell.shims, '.jobshim/launcher'), shell))

const replaced = (launcher: string, text: string): void => {
  unlinkSync(launcher)
  writeFileSync(launcher, text, { mode: 0o755 })
}

advised(
  'launcher-missing',
  'it is gone',
  withLauncher(launcher => unlinkSync(launcher)),
)
advised(
  'launcher-broken',
  'it may not be executed',
  withLauncher(launcher => chmodSync(launcher, 0o644)),
)
advised(
  'launcher-broken',
  'it is empty',
  withLauncher(launcher => replaced(launcher, '')),
)
advised(
  'launcher-broken',
  'it is of another machine',
  withLauncher(launcher => replaced(launcher, `\u007fELF\u0001\u0001${'\0'.repeat(40)}`)),
)
advised(
  'launcher-other',
  'it is of an older jobshim',
  withLauncher((_, { shims }) => unlinkSync(join(shims, '.jobshim/look'))),
)
advised(
  'launcher-other',
  'another program that answers as it does',
  withLauncher(launcher => replaced(launcher, `#!/bin/sh\nexec ${plainLauncher} "$@"\n`)),
)

test.run()
