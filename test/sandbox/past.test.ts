import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { jobshim } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { inner } from './nested.js'
import { makeSandboxPlace, type SandboxPlace, supervisorOf } from './place.js'

type Past = { tool: string; why: string; fix: string; runs: number }

const pastIn = (stderr: string): Past[] =>
  (JSON.parse(stderr.slice(stderr.indexOf('{'))) as { past: Past[] }).past.map(
    ({ tool, why, fix, runs }) => ({
      tool,
      why,
      fix,
      runs,
    }),
  )

const gaveNone = {
  why: 'the supervisor of the sandbox gave it no slot',
  fix: 'make sure that this user may read the program; docs/sandbox.md tells which other tools take no slot in a sandbox',
}

/** Long enough to be seen. */
const slow = ({ tool }: SandboxPlace): string => `${tool} -c 1500 -o "$PWD/out/1"`

test('sandbox :: past :: JOBSHIM_DISABLE is set :: that is what is to be mended, and not how the tool is called', async () => {
  const place = await makeSandboxPlace()
  const { status, stderr } = await place.run(2, ['sh', '-c', `JOBSHIM_DISABLE=1 ${slow(place)}`])
  assert.is(status, 0, stderr)
  assert.equal(pastIn(stderr), [
    { tool: place.tool, why: 'JOBSHIM_DISABLE is set', fix: 'unset it', runs: 1 },
  ])
})

test('sandbox :: past :: its supervisor is gone :: no tool is to be called by its name, which helps nothing here', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  const script = `: >begun; until [ -e lost ]; do sleep 0.02; done; ${slow(place)}`
  const running = place.run(2, ['sh', '-c', script])
  await until('a build', () => existsSync(join(root, 'begun')))
  process.kill(supervisorOf(place) ?? Number.NaN, 'SIGKILL')
  writeFileSync(join(root, 'lost'), '')
  const { status, stderr } = await running
  assert.is(status, 0, stderr)
  assert.equal(pastIn(stderr), [{ tool, ...gaveNone, runs: 1 }])
})

test('sandbox :: past :: a tool outlives the one in whose slot it was :: it counts from then on', async () => {
  const place = await makeSandboxPlace()
  const host = join(place.root, 'tools/gcc-9')
  copyFileSync('/bin/sh', host)
  const script = `${host} -c '${slow(place)} & until [ -s out/log ]; do sleep 0.02; done'
until grep -q '^-' out/log; do sleep 0.02; done`
  const { status, stderr } = await place.run(2, ['sh', '-c', script])
  assert.is(status, 0, stderr)
  assert.equal(pastIn(stderr), [{ tool: place.tool, ...gaveNone, runs: 1 }])
})

/** A script of a tool's name in a directory of its own; returns its path. */
function makeWrapper({ root }: SandboxPlace, script: string): string {
  writeFiles(root, { 'wrap/gcc': `#!/bin/sh\n${script}\n` })
  return join(root, 'wrap/gcc')
}

const three = (command: string): string => `for i in 1 2 3; do ${command}; done`

test('sandbox :: past :: a script of its name starts a tool that waits late :: the script is seen as a wrapper', async () => {
  const place = await makeSandboxPlace()
  mkdirSync(join(place.root, 'late'))
  buildProgram(join(place.root, 'late/gcc'), ['late.c'], ['-nostdlib', '-static', '-fno-stack-protector'])
  const wrapper = makeWrapper(place, `${join(place.root, 'late/gcc')} "$@"`)
  const { status, stderr } = await place.run(2, ['sh', '-c', three(`${wrapper} -c a.c`)])
  assert.is(status, 0, stderr)
  assert.equal([pastIn(stderr), JSON.parse(stderr).runs], [[], 3])
})

test('sandbox :: past :: a script of its name starts a tool that is quickly done :: the script is seen as a wrapper', async () => {
  const place = await makeSandboxPlace()
  const wrapper = makeWrapper(place, `sleep 0.5; ${place.tool} "$@"`)
  const { status, stderr } = await place.run(2, ['sh', '-c', three(`${wrapper} -c 1 -o "$PWD/out/$i"`)])
  assert.is(status, 0, stderr)
  assert.equal([pastIn(stderr), JSON.parse(stderr).runs], [[], 3])
})

/** Runs a tool by its path until `file` is there. */
const untilThere = ({ tool }: SandboxPlace, file: string): string =>
  `${tool} -c 600000 -o "$PWD/out/1" & until [ -e ${file} ]; do sleep 0.02; done; kill $!; wait`

test('sandbox :: past :: status, while it runs, says of it what run says at its end', async () => {
  const place = await makeSandboxPlace()
  const { root, tool, shims, env } = place
  const running = place.run(2, [
    'sh',
    '-c',
    `: >begun; until [ -e lost ]; do sleep 0.02; done; ${untilThere(place, 'told')}`,
  ])
  await until('a build', () => existsSync(join(root, 'begun')))
  process.kill(supervisorOf(place) ?? Number.NaN, 'SIGKILL')
  writeFileSync(join(root, 'lost'), '')
  const look = async (...flags: string[]): Promise<string> => {
    const { status, stdout, stderr } = await jobshim(['status', '--no-config', '--dir', shims, ...flags], {
      cwd: root,
      env,
    })
    assert.equal([status, stderr], [0, ''])
    return stdout
  }
  let seen: Past[] = []
  for (let looks = 0; looks < 100 && seen.length === 0; looks++) seen = pastIn(await look('--json'))
  const lines = (await look()).split('\n')
  writeFileSync(join(root, 'told'), '')
  const { status, stderr } = await running
  assert.is(status, 0, stderr)
  assert.equal(seen, [{ tool, ...gaveNone, runs: 1 }])
  assert.equal(seen, pastIn(stderr))
  assert.match(lines[2] ?? '', new RegExp(`^ {2}${tool} by sh \\(${gaveNone.why}\\): 1 run, \\d+\\.\\d s$`))
  assert.is(lines[3], `    ${gaveNone.fix}`)
})

test('sandbox :: past :: a run without a sandbox around one with :: each tool has the reason that holds where it ran', async () => {
  const place = await makeSandboxPlace()
  const { root, tool, shims, env } = place
  const inside = inner(place, '--sandbox', `: >begun; until [ -e lost ]; do sleep 0.02; done; ${slow(place)}`)
  const script = `${inside}; ${tool} -c 1500 -o "$PWD/out/2"`
  const words = [
    'run',
    '--no-sandbox',
    '--json',
    '--no-config',
    '--dir',
    shims,
    '-j2',
    '--',
    'sh',
    '-c',
    script,
  ]
  const running = jobshim(words, { cwd: root, env })
  await until('a build', () => existsSync(join(root, 'begun')))
  process.kill(supervisorOf(place) ?? Number.NaN, 'SIGKILL')
  writeFileSync(join(root, 'lost'), '')
  const { status, stderr } = await running
  assert.is(status, 0, stderr)
  assert.equal(pastIn(stderr), [
    { tool, ...gaveNone, runs: 1 },
    { tool, why: 'called by its path', fix: 'call it by its name, or by the path of its shim', runs: 1 },
  ])
})

test("sandbox :: past :: a tool by a rule, whose name is no tool's :: what it starts has its slot, and is not past", async () => {
  const place = await makeSandboxPlace()
  const { root, shims, env, tool } = place
  const part = join(root, 'lib/gcc/x/cc1')
  mkdirSync(join(root, 'lib/gcc/x'), { recursive: true })
  copyFileSync(tool, part)
  copyFileSync('/bin/sh', join(root, 'nl'))
  writeFileSync(
    join(root, 'config.json'),
    JSON.stringify({ rules: [{ program: join(root, 'nl'), tokens: 1 }] }),
  )
  const script = `${part} -c 700 -o out/1; ${tool} -c 700 -o out/2; :`
  const words = ['run', '--sandbox', '--json', '--config', 'config.json', '--dir', shims, '-j2', '--']
  const { status, stderr } = await jobshim([...words, 'sh', '-c', `./nl -c '${script}'; :`], {
    cwd: root,
    env,
  })
  assert.is(status, 0, stderr)
  assert.equal(pastIn(stderr), [])
  assert.is((JSON.parse(stderr) as { runs: number }).runs, 1)
})

test.run()
