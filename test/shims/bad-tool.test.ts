import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'
import { holdOnce, ran } from '../yard/hold-once.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('A')
const { root, pool } = yard
const at = (name: string): string => join(root, name)
const launcher = join(yard.shims, '.jobshim/launcher')
writeFiles(yard.shims, { '.jobshim/tools/hold': '' }) // what install found would be there
writeFiles(root, { 'bad/not-executable/hold': 'exit 3\n', 'bad/no-interpreter/hold': '#!/none/sh\nexit 3\n' })

const tools: readonly {
  input: string
  command: readonly string[]
  path: string
  status: number
  stderr: string
}[] = [
  {
    input: 'missing',
    command: [join(yard.shims, 'hold')],
    path: `${yard.shims}:${at('none')}`,
    status: 127,
    stderr: `jobshim: hold: not found on PATH after ${yard.shims}\n`,
  },
  {
    input: 'a directory',
    command: [join(yard.shims, 'hold')],
    path: `${yard.shims}:${at('directories')}`,
    status: 127,
    stderr: `jobshim: hold: not found on PATH after ${yard.shims}\n`,
  },
  {
    input: 'not executable',
    command: [join(yard.shims, 'hold')],
    path: `${yard.shims}:${at('bad/not-executable')}`,
    status: 126,
    stderr: `jobshim: ${at('bad/not-executable/hold')}: not executable\n`,
  },
  {
    input: 'without its interpreter',
    command: [join(yard.shims, 'hold')],
    path: `${yard.shims}:${at('bad/no-interpreter')}`,
    status: 127,
    stderr: `jobshim: ${at('bad/no-interpreter/hold')}: can't be started: No such file or directory\n`,
  },
  {
    input: 'missing, by its path',
    command: [launcher, '--', '/none/hold'],
    path: '/bin',
    status: 127,
    stderr: 'jobshim: /none/hold: not found\n',
  },
  {
    input: 'not named',
    command: [launcher],
    path: '/bin',
    status: 125,
    stderr:
      'jobshim: launcher: wrong usage\n  launcher [--token] [--] TOOL ARGS, or through a shim that links to it\n',
  },
]
mkdirSync(at('directories/hold'), { recursive: true })
chmodSync(at('bad/not-executable/hold'), 0o644)
chmodSync(at('bad/no-interpreter/hold'), 0o755)

for (const { input, command, path, status, stderr } of tools)
  test(`tool :: ${input} :: ends with ${status}`, async () => {
    const [program = '', ...args] = command
    const expected = { status, signal: null, stdout: '', stderr }
    assert.equal(await run(program, args, { env: { PATH: path } }), expected)
    assert.equal(await run(program, args, { env: { ...yard.governed, PATH: path } }), expected)
    assert.is(pool.count(), 'A')
  })

test('tool file :: garbage :: as good as none', async () => {
  const toolFile = join(yard.shims, '.jobshim/tools/hold')
  mkdirSync(join(yard.shims, '.jobshim/tools'), { recursive: true })
  const before = existsSync(toolFile) ? readFileSync(toolFile) : undefined
  for (const text of [
    '',
    '\n=\n===',
    'patience=x\nno-jobserver=',
    '\0\xff'.repeat(500),
    'family='.repeat(100_000),
  ]) {
    writeFileSync(toolFile, text)
    assert.equal(await holdOnce(yard, { JOBSHIM_JOBSERVER: pool.auth }), ran(), text.slice(0, 20))
  }
  if (before === undefined) rmSync(toolFile)
  else writeFileSync(toolFile, before)
})

test('tool file :: a FIFO :: as good as none', async () => {
  const toolFile = join(yard.shims, '.jobshim/tools/hold')
  const before = readFileSync(toolFile)
  rmSync(toolFile)
  execFileSync('mkfifo', [toolFile])
  assert.equal(await holdOnce(yard, { JOBSHIM_JOBSERVER: pool.auth }), ran())
  rmSync(toolFile)
  writeFileSync(toolFile, before)
})

/** Among so many that a count of those above us has no place is no reason to lose it. */
test('tool :: one that starts its own shim again, among 20,000 variables :: ends with 125', async () => {
  writeFiles(root, { 'again/hold': `#!/bin/sh\nexec "${join(yard.shims, 'hold')}"\n` })
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`N${n}`, '']))
  assert.equal(
    await run(join(yard.shims, 'hold'), [], {
      env: { ...many, PATH: `${at('again')}:/bin:/usr/bin` },
    }),
    {
      status: 125,
      signal: null,
      stdout: '',
      stderr:
        `jobshim: hold: called itself 20 times over, last through ${at('again/hold')}\n` +
        '  make sure that what stands behind the shims on PATH does not start them again\n',
    },
  )
})

test('tool :: in a slot, among 20,000 variables :: finds them all, and how many launchers are above it', async () => {
  const names = Array.from({ length: 20_000 }, (_, n) => `N${n}`)
  writeFiles(root, { 'bin/hold': "#!/bin/sh\nenv | grep -c '^N[0-9]'\necho $JOBSHIM_HOPS\nexit 7\n" })
  const env = { ...yard.governed, ...Object.fromEntries(names.map(name => [name, ''])) }
  assert.equal(await run('hold', [], { env }), ran('', '20000\n1\n'))
  assert.is(pool.count(), 'A')
})

test.after.each(killStarted)

test.run()
