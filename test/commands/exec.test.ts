import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { belowShell, realTimeSignals } from '../support/below-shell.js'
import { jobshim, type Surroundings } from '../support/jobshim.js'
import { deadlySignals } from '../support/processes.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const exec = (words: readonly string[], around: Surroundings = {}) => {
  const cwd = makeWorkspace()
  return jobshim(['exec', '--dir', join(cwd, 'none'), '--', ...words], {
    cwd,
    ...around,
    env: { HOME: cwd, ...around.env },
  })
}

for (const status of [0, 1, 2, 77, 125, 255]) {
  test(`exec :: status ${status}`, async () => {
    assert.equal(await exec(['sh', '-c', `echo out; echo err >&2; exit ${status}`]), {
      status,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    })
  })
}

for (const signal of deadlySignals) {
  test(`exec :: dies of ${signal} as its tool did`, async () => {
    const script = `ulimit -c 0; kill -${constants.signals[signal]} $$`
    assert.equal(await exec(['sh', '-c', script]), { status: null, signal, stdout: '', stderr: '' })
  })
}

for (const number of realTimeSignals) {
  test(`exec :: dies of signal ${number}, which is of real time, as its tool did`, async () => {
    const cwd = makeWorkspace()
    const script = [join(repository, 'bin/jobshim.js'), 'exec', '--dir', join(cwd, 'none'), '--']
    const words = [process.execPath, ...script, 'sh', '-c', `kill -${number} $$`]
    assert.equal(await belowShell(words, { cwd, env: { HOME: cwd } }), {
      status: 128 + number,
      signal: null,
      stdout: '',
      stderr: '',
    })
  })
}

test('exec :: arguments as they are', async () => {
  const words = ['', 'a b', "it's", '--', '--help', '-j4', 'ä\n', '*']
  const { stdout } = await exec(['sh', '-c', 'for word; do printf "[%s]" "$word"; done', 'sh', ...words])
  assert.is(stdout, words.map(word => `[${word}]`).join(''))
})

test('exec :: stdin and inherited descriptors', async () => {
  const directory = makeWorkspace()
  writeFiles(directory, { three: 'three\n', four: 'four\n' })
  const fds = ['three', 'four'].map(name => openSync(join(directory, name), 'r'))
  const result = await exec(['sh', '-c', 'cat; cat <&3; cat <&4'], { input: 'stdin\n', fds })
  fds.forEach(closeSync)
  assert.equal(result, { status: 0, signal: null, stdout: 'stdin\nthree\nfour\n', stderr: '' })
})

test('exec :: a tool by its path', async () => {
  const directory = makeWorkspace()
  writeFiles(directory, { tool: '#!/bin/sh\necho "$0" "$@"\n' })
  const { status, stdout } = await exec([join(directory, 'tool'), '-x'])
  assert.equal({ status, stdout }, { status: 0, stdout: `${directory}/tool -x\n` })
})

test('exec :: error :: no such tool', async () => {
  const { status, stdout, stderr } = await exec(['nosuchtool'])
  assert.equal({ status, stdout }, { status: 127, stdout: '' })
  assert.match(stderr, /^jobshim: nosuchtool: /)
})

test('exec :: error :: not executable', async () => {
  const directory = makeWorkspace()
  writeFiles(directory, { tool: 'no program' })
  const { status, stdout, stderr } = await exec([join(directory, 'tool')])
  assert.equal({ status, stdout }, { status: 126, stdout: '' })
  assert.match(stderr, /^jobshim: .*tool: /)
})

test('exec :: error :: a wrong config is 125, not a status that the tool could have', async () => {
  const cwd = makeWorkspace()
  writeFiles(cwd, { '.jobshimrc': 'jbos: 2\n' })
  assert.equal(await jobshim(['exec', 'true'], { cwd, env: { HOME: cwd } }), {
    status: 125,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${cwd}/.jobshimrc: unknown key jbos\n  did you mean jobs?\n`,
  })
})

test.run()
