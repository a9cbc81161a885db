import { chmodSync, chownSync, existsSync, lstatSync, readdirSync, renameSync, symlinkSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { asUser, eve, makeDirectoryOf, nobody, testAsOthers, testAsRoot } from '../support/other-user.js'
import { makeWorkspace, openToOthers, repository, writeFiles } from '../support/workspace.js'
import { makeYard, type Yard } from '../yard/yard.js'

const hint = 'name a directory of your own with --dir'

/** Each command that uses the shims, or changes them, and the status with which it fails. */
const commands: readonly { words: readonly string[]; status: number }[] = [
  { words: ['install', '--tools', 'hold'], status: 1 },
  { words: ['uninstall'], status: 1 },
  { words: ['list'], status: 1 },
  { words: ['list', '--costs'], status: 1 },
  { words: ['env'], status: 1 },
  { words: ['status'], status: 1 },
  { words: ['serve', '--fifo', 'served', '-j1'], status: 1 },
  { words: ['run', '--', 'hold'], status: 125 },
  { words: ['exec', '--', 'hold'], status: 125 },
]

const refused = (status: number, said: string): Outcome => ({
  status,
  signal: null,
  stdout: '',
  stderr: `jobshim: ${said}\n  ${hint}\n`,
})

/** As JOBSHIM_DIR names a shim dir, which `sudo -E` keeps. */
const withShims = ({ root, env }: Yard, dir: string, words: readonly string[]): Promise<Outcome> =>
  jobshim(words, { cwd: root, env: { ...env, HOME: root, JOBSHIM_DIR: dir } })

for (const { words, status } of commands) {
  const name = words.slice(0, words[0] === 'list' ? 2 : 1).join(' ')

  testAsRoot(`foreign shims :: ${name} :: a shim dir of another user :: refused`, async () => {
    const yard = await makeYard('')
    for (const path of [yard.shims, join(yard.shims, '.jobshim'), join(yard.shims, '.jobshim/launcher')])
      chownSync(path, eve, eve)
    assert.equal(
      await withShims(yard, yard.shims, words),
      refused(status, `${yard.shims}: belongs to another user`),
    )
  })

  testAsRoot(
    `foreign shims :: ${name} :: in a directory of another user, who may move it :: refused`,
    async () => {
      const yard = await makeYard('')
      const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'), 0o755)
      const dir = join(theirs, 'shims')
      renameSync(yard.shims, dir)
      assert.equal(
        await withShims(yard, dir, words),
        refused(status, `${dir}: ${theirs}: belongs to another user`),
      )
      assert.not.ok(existsSync(join(yard.root, 'served')))
    },
  )

  test(`foreign shims :: ${name} :: everybody can write what is above, and move it :: refused`, async () => {
    const yard = await makeYard('')
    chmodSync(yard.root, 0o777)
    assert.equal(
      await withShims(yard, yard.shims, words),
      refused(status, `${yard.shims}: ${yard.root}: can be written by everybody`),
    )
    chmodSync(yard.root, 0o755)
  })

  test(`foreign shims :: ${name} :: everybody can write the shim dir :: refused`, async () => {
    const yard = await makeYard('')
    chmodSync(yard.shims, 0o777)
    assert.equal(
      await withShims(yard, yard.shims, words),
      refused(status, `${yard.shims}: can be written by everybody`),
    )
  })
}

test("foreign shims :: run :: its group can write it and what is above, as with a group of one's own :: used", async () => {
  const yard = await makeYard('')
  for (const path of [yard.root, yard.shims]) chmodSync(path, 0o775)
  assert.equal(await withShims(yard, yard.shims, ['run', '-q', '--', 'sh', '-c', 'command -v hold']), {
    status: 0,
    signal: null,
    stdout: `${yard.shims}/hold\n`,
    stderr: '',
  })
})

test('foreign shims :: run :: the launcher is a symlink, which could lead elsewhere later :: replaced', async () => {
  const yard = await makeYard('')
  const launcher = join(yard.shims, '.jobshim/launcher')
  renameSync(launcher, join(yard.root, 'elsewhere'))
  symlinkSync(join(yard.root, 'elsewhere'), launcher)
  const words = ['run', '-q', '--tools', 'hold', '--', 'true'].filter(
    word => !['--tools', 'hold'].includes(word),
  )
  writeFiles(yard.root, { '.jobshimrc': 'tools: [hold]\n' })
  assert.equal(await withShims(yard, yard.shims, words), {
    status: 0,
    signal: null,
    stdout: '',
    stderr: `jobshim: installed the shims in ${yard.shims}\n`,
  })
  assert.ok(lstatSync(launcher).isFile())
})

/** Runs the clone's jobshim as another user, who has a home below `root`. */
function asOther(uid: number, { root, env }: Yard, words: readonly string[], around = {}): Promise<Outcome> {
  const [program = '', ...args] = asUser(uid)
  const home = makeDirectoryOf(uid, join(root, `home-${uid}`))
  const line = [...args, process.execPath, join(repository, 'bin/jobshim.js'), ...words]
  return run(program, line, {
    cwd: home,
    env: { ...env, HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: undefined, ...around },
  })
}

testAsOthers(
  "foreign shims :: another user, root's shim dir :: run, list and env use it, install does not",
  async () => {
    const yard = await makeYard('')
    openToOthers(yard.root)
    const dir = ['--dir', yard.shims]
    const where = ['--', 'sh', '-c', 'command -v hold']
    assert.equal(await asOther(eve, yard, ['run', '-q', ...dir, ...where]), {
      status: 0,
      signal: null,
      stdout: `${yard.shims}/hold\n`,
      stderr: '',
    })
    const list = await asOther(eve, yard, ['list', ...dir])
    assert.equal([list.status, list.stderr], [0, ''])
    assert.match(list.stdout, new RegExp(`^hold +${yard.root}/bin/hold +-$`, 'm'))
    const env = await asOther(eve, yard, ['env', ...dir])
    assert.equal([env.status, env.stderr], [0, ''])
    assert.match(env.stdout, `export PATH=${yard.shims}:`)
    assert.equal(
      await asOther(eve, yard, ['install', ...dir, '--tools', 'hold']),
      refused(1, `${yard.shims}: belongs to another user`),
    )
  },
)

testAsOthers(
  'foreign shims :: another user, and a third one has the shim dir :: run and list refuse it',
  async () => {
    const yard = await makeYard('')
    openToOthers(yard.root)
    chownSync(yard.shims, eve, eve)
    const said = `${yard.shims}: belongs to another user`
    assert.equal(await asOther(nobody, yard, ['run', '--dir', yard.shims, '--', 'true']), refused(125, said))
    assert.equal(await asOther(nobody, yard, ['list', '--dir', yard.shims]), refused(1, said))
  },
)

testAsOthers(
  'foreign shims :: below unshare -r, where nobody can tell whose / is :: used as ever',
  async () => {
    const yard = await makeYard('')
    openToOthers(yard.root)
    const home = makeDirectoryOf(eve, join(yard.root, 'home'))
    const [program = '', ...args] = [...asUser(eve), 'unshare', '-r']
    const around = {
      cwd: home,
      env: { ...yard.env, HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: undefined },
    }
    if ((await run(program, [...args, 'true'], around)).status !== 0) return // the kernel lets nobody have one
    const jobshimLine = [process.execPath, join(repository, 'bin/jobshim.js')]
    const install = ['install', '--tools', 'hold']
    const { status, stderr } = await run(program, [...args, ...jobshimLine, ...install], around)
    assert.equal([status, stderr], [0, ''])
    const where = ['run', '-q', '--', 'sh', '-c', 'command -v hold; echo "$JOBSHIM_JOBSERVER"']
    const ran = await run(program, [...args, ...jobshimLine, ...where], around)
    assert.equal([ran.status, ran.stderr], [0, ''])
    const [tool, pool = ''] = ran.stdout.split('\n')
    assert.is(tool, `${home}/.local/share/jobshim/shims/hold`)
    assert.ok(pool.startsWith(`fifo:${home}/jobshim-0/run-`), pool)
  },
)

testAsRoot(
  "foreign shims :: root, XDG_DATA_HOME of another user :: root's own home is taken, and that is said",
  async () => {
    const yard = await makeYard('')
    const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'), 0o755)
    const around = { cwd: yard.root, env: { ...yard.env, HOME: yard.root, XDG_DATA_HOME: theirs } }
    const dir = join(yard.root, '.local/share/jobshim/shims')
    assert.equal(await jobshim(['list', '--json'], around), {
      status: 0,
      signal: null,
      stdout: `${JSON.stringify({ jobshim: 1, dir, shims: [] })}\n`,
      stderr: `jobshim: XDG_DATA_HOME=${theirs}: ${theirs}: belongs to another user: not used\n`,
    })
    const installed = await jobshim(['install', '--tools', 'hold'], around)
    assert.equal(
      [installed.status, installed.stderr],
      [0, `jobshim: XDG_DATA_HOME=${theirs}: ${theirs}: belongs to another user: not used\n`],
    )
    assert.equal(readdirSync(theirs), [])
    assert.ok(existsSync(join(dir, 'hold')))
  },
)

testAsRoot(
  'foreign shims :: root, HOME of another user :: the home that the system has for root',
  async () => {
    const home = makeDirectoryOf(eve, join(makeWorkspace(), 'home'), 0o755)
    const around = { cwd: '/', env: { HOME: home, XDG_DATA_HOME: undefined } }
    const { status, stdout, stderr } = await jobshim(['list', '--json'], around)
    assert.equal([status, stderr], [0, `jobshim: HOME=${home}: ${home}: belongs to another user: not used\n`])
    assert.is(
      (JSON.parse(stdout) as { dir: string }).dir,
      join(userInfo().homedir, '.local/share/jobshim/shims'),
    )
  },
)

test.run()
