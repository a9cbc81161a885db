import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { addTools } from '../support/patient.js'
import { test } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { advised, makeShell, type Shell, type Sick } from './advised.js'

const script = '#!/bin/sh\n'

/** A row of a shell that has these variables. */
const withVariables =
  (row: string, env: Record<string, string>, tools: Record<string, string> = {}) =>
  async (): Promise<Sick> => {
    const shell = await makeShell({ tools })
    return { row, work: shell.work, env: { ...shell.env, ...env } }
  }

advised('disabled', 'JOBSHIM_DISABLE', withVariables('shims switched on', { JOBSHIM_DISABLE: '1' }))
advised(
  'setting-variables',
  'values that launchers pass over',
  withVariables('settings in variables', {
    JOBSHIM_PATIENCE: 'x',
    JOBSHIM_JOIN: 'maybe',
    JOBSHIM_NO_JOBSERVER: 'fail',
  }),
)
advised(
  'jobs-variables',
  'CMAKE_BUILD_PARALLEL_LEVEL and MAKEFLAGS',
  withVariables('-j in variables', { CMAKE_BUILD_PARALLEL_LEVEL: '8', MAKEFLAGS: '-j9' }),
)
advised(
  'tools-variables',
  'compilers by their paths, with options and quotes',
  withVariables('tools in variables', { CC: '/usr/bin/gcc -m64', CXX: "/usr/bin/g++ -DX='a'" }),
)
advised(
  'engine-variable',
  'one that has a shim',
  withVariables('sccache and icecc', { RUSTC_WRAPPER: '/usr/bin/sccache' }, { sccache: script }),
)
advised('engine-variable', 'one that has none yet', async () => {
  const shell = await makeShell()
  addTools(shell.tools, { distcc: script })
  const env = { ...shell.env, CMAKE_C_COMPILER_LAUNCHER: 'distcc' }
  return { row: 'sccache and icecc', work: shell.work, env }
})

/** A shell whose PATH begins with links of the compilers to `engine`. */
async function behindLinks(engine: 'icecc' | 'ccache'): Promise<Shell> {
  const shell = await makeShell({ tools: { [engine]: script } })
  const links = join(shell.root, 'links')
  addTools(links, { gcc: join(shell.tools, engine), cc: join(shell.tools, engine) })
  return { ...shell, env: { ...shell.env, PATH: `${links}:${shell.env.PATH}` } }
}

advised('engine-early', "icecc's links before the shims", async () => ({
  ...(await behindLinks('icecc')),
  row: 'sccache and icecc',
}))
advised('ccache-early', 'its links before the shims', async () => ({
  ...(await behindLinks('ccache')),
  row: 'ccache on PATH',
}))
advised('path-late', 'tools before the shims', async () => {
  const shell = await makeShell()
  return { row: 'PATH', work: shell.work, env: { ...shell.env, PATH: `${shell.behind}:${shell.shims}` } }
})
advised('path-absent', 'no shims on PATH', async () => {
  const shell = await makeShell()
  return { row: 'PATH', work: shell.work, env: { ...shell.env, PATH: shell.behind } }
})
advised('path-absent', 'no shims on PATH, and those of --dir are meant, whose path has a blank', async () => {
  const shell = await makeShell()
  const dir = join(shell.root, 'other shims')
  const env = { ...shell.env, PATH: shell.behind, JOBSHIM_DIR: undefined }
  const first = `jobshim install --dir '${dir}' >&2`
  return { row: 'PATH', work: shell.work, env, first, args: ['--dir', dir] }
})

for (const profile of ['.bash_profile', '.bash_login', '.profile'])
  advised('login-path', `${profile} sets PATH anew`, async () => {
    const shell = await makeShell()
    const home = join(shell.root, 'home')
    mkdirSync(home)
    writeFiles(home, { [profile]: `PATH='${shell.behind}'\n` })
    return { row: 'login shells', work: shell.work, env: { ...shell.env, HOME: home } }
  })

advised('setup', 'the tools of this shell have no limit', async () => {
  const shell = await makeShell()
  const home = join(shell.root, 'home')
  mkdirSync(home)
  const env = { ...shell.env, HOME: home, SHELL: '/bin/bash', JOBSHIM_NO_JOBSERVER: undefined }
  return { row: 'jobserver', work: shell.work, env }
})

const config = '{ "patence": 3 }\n'
advised('config-refused', 'a key that is not known', async () => {
  const shell = await makeShell()
  writeFiles(shell.work, { '.jobshimrc': config })
  return {
    row: 'config',
    work: shell.work,
    env: shell.env,
    byHand(fix) {
      const [, key = ''] = /^did you mean (\w+)\?$/.exec(fix) ?? []
      writeFiles(shell.work, { '.jobshimrc': config.replace('patence', key) })
      return {}
    },
  }
})
advised('config-refused', 'JOBSHIM_SANDBOX that is no such word', async () => {
  const shell = await makeShell()
  const env = { ...shell.env, JOBSHIM_SANDBOX: 'maybe' }
  return { row: 'config', work: shell.work, env, byHand: () => ({ env: shell.env }) }
})

test.run()
