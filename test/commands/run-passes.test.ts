import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { run } from '../support/jobshim.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { idleSummary, jobshimRun, runDirectories, runLine } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')

afterEach(() => assert.equal(runDirectories(yard), []))

const passed = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: idleSummary(2) })

const words = ['', 'a b', "it's", '--', '--help', '-j4', 'ä\n', '*', '--quiet']
const show = ['sh', '-c', 'for word; do printf "[%s]" "$word"; done', 'sh']

for (const dashes of [[], ['--']]) {
  test(`run :: arguments as they are :: ${dashes[0] ?? 'without --'}`, async () => {
    const { status, stdout, stderr } = await jobshimRun(yard, ['-j2', ...dashes, ...show, ...words])
    assert.equal([status, stderr], [0, idleSummary(2)])
    assert.is(stdout, words.map(word => `[${word}]`).join(''))
  })
}

test('run :: 100 KB in one argument', async () => {
  const script = 'printf %s "$1" | wc -c'
  const { status, stdout } = await jobshimRun(yard, ['--', 'sh', '-c', script, 'sh', 'x'.repeat(100_000)])
  assert.equal([status, stdout.trim()], [0, '100000'])
})

test('run :: stdin and stdout as they are', async () => {
  const input = `${'a line\n'.repeat(50_000)}no newline`
  assert.equal(await jobshimRun(yard, ['-j2', 'cat'], { input }), passed(input))
})

test('run :: what the command leaves of stdin stays for the next one', async () => {
  writeFiles(yard.root, { lines: 'one\ntwo\n' })
  const script = 'exec <lines; "$@" && cat'
  const line = runLine(yard, '-j2', '--', 'sh', '-c', 'read -r line; echo "read $line"')
  const result = await run('sh', ['-c', script, 'sh', ...line], { cwd: yard.root, env: yard.env })
  assert.equal(result, passed('read one\ntwo\n'))
})

for (const version of ['4.3', '4.4.1']) {
  test(`run :: inherited descriptors :: make ${version}`, async () => {
    const directory = makeWorkspace()
    writeFiles(directory, {
      three: 'three\n',
      four: 'four\n',
      'bin/make': `#!/bin/sh\necho GNU Make ${version}\n`,
    })
    const fds = ['three', 'four'].map(name => openSync(join(directory, name), 'r'))
    const result = await jobshimRun(yard, ['-j2', '--', 'sh', '-c', 'cat; cat <&3; cat <&4'], {
      input: 'stdin\n',
      fds,
      env: { PATH: `${join(directory, 'bin')}:${process.env.PATH}` },
    })
    fds.forEach(closeSync)
    assert.equal(result, passed('stdin\nthree\nfour\n'))
  })
}

test('run :: 100 inherited descriptors', async () => {
  const file = openSync(join(yard.root, 'bin/hold'), 'r')
  const script = 'for fd in $(seq 3 102); do test /proc/$$/fd/$fd -ef bin/hold || echo $fd; done'
  const result = await jobshimRun(yard, ['-j2', '--', 'sh', '-c', script], { fds: Array(100).fill(file) })
  closeSync(file)
  assert.equal(result, passed(''))
})

test('run :: process group, session, working directory and umask', async () => {
  const look = 'pwd; umask; cut -d" " -f5,6 /proc/$$/stat; cut -d" " -f5,6 /proc/$PPID/stat'
  const script = 'umask 027; cd bin; exec "$@"'
  const line = runLine(yard, '-j2', '--', 'sh', '-c', look)
  const { stdout, ...rest } = await run('sh', ['-c', script, 'sh', ...line], {
    cwd: yard.root,
    env: { ...yard.env, HOME: yard.root },
  })
  assert.equal(rest, { status: 0, signal: null, stderr: idleSummary(2) })
  const [directory, mask, its, ours] = stdout.split('\n')
  assert.equal([directory, mask, its], [join(yard.root, 'bin'), '0027', ours])
})

for (const [name, value] of [
  ['unset', undefined],
  ['empty', ''],
] as const) {
  test(`run :: PATH is ${name}`, async () => {
    assert.equal(
      await jobshimRun(yard, ['-j2', '--', 'sh', '-c', 'echo "$PATH"'], { env: { PATH: value } }),
      passed(`${yard.shims}:/usr/local/bin:/usr/bin:/bin\n`),
    )
  })
}

test('run :: a shim dir that stands first on PATH already is not put there again', async () => {
  const path = `${yard.shims}:${process.env.PATH}`
  assert.equal(
    await jobshimRun(yard, ['-j2', '--', 'sh', '-c', 'echo "$PATH"'], { env: { PATH: path } }),
    passed(`${path}\n`),
  )
})

test('run :: the command itself may be a tool with a shim', async () => {
  const { status, stdout, stderr } = await jobshimRun(yard, ['-j2', 'hold'], { input: 'x\n' })
  assert.is(status, 7)
  assert.match(stdout, /^held \d+\nx\n$/)
  assert.match(withoutUse(stderr), new RegExp(`^jobshim: 1 tool ran${wholeSummary}$`))
})

test('run :: a script without #! is one of sh', async () => {
  writeFiles(yard.root, { script: '#!/bin/sh\n: >made; chmod 755 made; echo "echo hi" >made\n' })
  assert.is((await run(join(yard.root, 'script'), [], { cwd: yard.root })).status, 0)
  assert.equal(await jobshimRun(yard, ['-j2', './made']), passed('hi\n'))
})

test.run()
