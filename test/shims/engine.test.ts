import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** Two engines that print their names, a compiler, and the shims that a config asks for. */
async function makeCompiler(config: string) {
  const root = makeWorkspace()
  writeFiles(root, {
    'bin/gcc': '#!/bin/sh\necho gcc "$@"\n',
    'bin/one': '#!/bin/sh\necho one "$@"\n',
    'bin/other': '#!/bin/sh\necho other "$@"\n',
    '.jobshimrc': config,
    'rules-of-before': 'launcher=other\n',
  })
  const path = `${join(root, 'bin')}:${process.env.PATH}`
  const args = ['--tools', 'gcc']
  const shims = await installShims(join(root, 'shims'), { args, env: { PATH: path, HOME: root }, cwd: root })
  const pool = makeFifo(root, 'A')
  return {
    root,
    pool,
    env: { PATH: `${shims}:${path}`, JOBSHIM_JOBSERVER: pool.auth, XDG_RUNTIME_DIR: root },
  }
}

type Row = { says: string; config?: string; env?: Readonly<Record<string, string>> }

const rows: Readonly<Record<string, Row>> = {
  JOBSHIM_ENGINE: { env: { JOBSHIM_ENGINE: 'one' }, says: 'one gcc' },
  'JOBSHIM_LAUNCHER, its older name': { env: { JOBSHIM_LAUNCHER: 'one' }, says: 'one gcc' },
  'both variables: the name of today': {
    env: { JOBSHIM_LAUNCHER: 'other', JOBSHIM_ENGINE: 'one' },
    says: 'one gcc',
  },
  'both variables, the one of today is empty: none': {
    env: { JOBSHIM_LAUNCHER: 'other', JOBSHIM_ENGINE: '' },
    says: 'gcc',
  },
  'the config': { config: 'engine: one\n', says: 'one gcc' },
  'the config, by the older key': { config: 'launcher: one\n', says: 'one gcc' },
  'a variable before the config': {
    config: 'engine: other\n',
    env: { JOBSHIM_ENGINE: 'one' },
    says: 'one gcc',
  },
  'an older variable before the config': {
    config: 'engine: other\n',
    env: { JOBSHIM_LAUNCHER: 'one' },
    says: 'one gcc',
  },
  'an empty variable before the config: none': {
    config: 'engine: one\n',
    env: { JOBSHIM_ENGINE: '' },
    says: 'gcc',
  },
  'a rule before the config': {
    config: 'engine: other\nrules: [{ kind: compile, engine: one }]\n',
    says: 'one gcc',
  },
  'a rule, by the older key: none': {
    config: 'engine: other\nrules: [{ kind: compile, launcher: false }]\n',
    says: 'gcc',
  },
}

for (const [name, { says, config = '{}\n', env = {} }] of Object.entries(rows))
  test(`engine :: by ${name}`, async () => {
    const compiler = await makeCompiler(config)
    const told = await run('gcc', ['-c', 'a.c'], { env: { ...compiler.env, ...env } })
    assert.equal(told, { status: 0, signal: null, stdout: `${says} -c a.c\n`, stderr: '' })
    assert.is(compiler.pool.count(), 'A')
    compiler.pool.close()
  })

test('engine :: by rules that an older jobshim wrote', async () => {
  const { root, pool, env } = await makeCompiler('engine: one\n')
  const JOBSHIM_RULES = join(root, 'rules-of-before')
  const told = await run('gcc', ['-c', 'a.c'], { env: { ...env, JOBSHIM_RULES } })
  assert.equal(told, { status: 0, signal: null, stdout: 'other gcc -c a.c\n', stderr: '' })
  pool.close()
})

test.run()
