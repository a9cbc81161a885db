import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageVersion } from '../../src/ground/version.js'
import { boundByModes } from '../support/bound.js'
import { type Outcome, run, scrubbed } from '../support/jobshim.js'
import { eve, testAsRoot } from '../support/other-user.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

/** The package as npm would unpack it, without a built launcher, in `package`; `install` puts a shim for `cc` into `shims`. */
function makePackage(): {
  root: string
  home: string
  install: (env?: object, before?: readonly string[]) => Promise<Outcome>
} {
  const root = makeWorkspace()
  const home = join(root, 'package')
  for (const path of ['bin', 'dist/bundle', 'shims', 'package.json'])
    cpSync(join(repository, path), join(home, path), { recursive: true })
  rmSync(join(home, 'shims/build'), { recursive: true, force: true })
  const words = [
    process.execPath,
    join(home, 'bin/jobshim.js'),
    'install',
    '--dir',
    join(root, 'shims'),
    '--tools',
    'cc',
  ]
  const around = { HOME: root, XDG_DATA_HOME: join(root, 'data') }
  return {
    root,
    home,
    install: (env = {}, before = []) =>
      run('/usr/bin/env', [...before, ...words], { cwd: root, env: { ...around, ...env } }),
  }
}

/** A compiler on PATH that is quick: it puts the program there that this clone was built with. */
function quickCompiler(root: string): { PATH: string } {
  const built = join(repository, 'shims/build')
  const named = `case "$2" in */look*) program=look;; *) program=launcher;; esac`
  const compiler = `#!/bin/sh\ncase " $* " in *' -c '*) exit;; esac\nwhile test "$1" != -o; do shift; done\n${named}\nexec cp '${built}'/$program "$2"\n`
  writeFiles(root, { 'quick/cc': compiler, 'quick/musl-gcc': compiler })
  return { PATH: `${join(root, 'quick')}:${process.env.PATH}` }
}

const works = async (launcher: string): Promise<void> => {
  const { status, stdout } = await run(launcher, ['--', 'echo', 'works'])
  assert.equal({ status, stdout }, { status: 0, stdout: 'works\n' })
}

test('launcher :: built in the package where it is missing', async () => {
  const { root, home, install } = makePackage()
  const { status, stderr } = await install()
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  assert.equal(
    readFileSync(join(root, 'shims/.jobshim/launcher')),
    readFileSync(join(home, 'shims/build/launcher')),
  )
  await works(join(root, 'shims/.jobshim/launcher'))
})

test("launcher :: built in the user's data directory where the package is read-only", async () => {
  const { root, home, install } = makePackage()
  chmodSync(join(home, 'shims'), 0o555)
  const { status, stderr } = await install(quickCompiler(root), boundByModes)
  chmodSync(join(home, 'shims'), 0o755)
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  assert.not(existsSync(join(home, 'shims/build')))
  assert.ok(statSync(join(root, 'data/jobshim/build', packageVersion(), 'launcher')).isFile())
  await works(join(root, 'shims/.jobshim/launcher'))
})

testAsRoot(
  "launcher :: another user's, where an earlier install would have built it :: built anew",
  async () => {
    const { root, home, install } = makePackage()
    const place = join(root, 'data/jobshim/build', packageVersion(), 'launcher')
    writeFiles(root, { [relative(root, place)]: '#!/bin/sh\necho theirs\n' })
    chownSync(place, eve, eve)
    chmodSync(join(home, 'shims'), 0o555)
    const { status, stderr } = await install(quickCompiler(root), boundByModes)
    chmodSync(join(home, 'shims'), 0o755)
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
    assert.is(statSync(place).uid, 0)
    assert.equal(readFileSync(join(root, 'shims/.jobshim/launcher')), readFileSync(place))
    await works(join(root, 'shims/.jobshim/launcher'))
  },
)

test('launcher :: two installs at once build it both', async () => {
  const { root, home, install } = makePackage()
  const env = quickCompiler(root)
  for (const { status, stderr } of await Promise.all([install(env), install(env)]))
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
  await works(join(home, 'shims/build/launcher'))
  await works(join(root, 'shims/.jobshim/launcher'))
})

test('launcher :: error :: no make', async () => {
  const { root, home, install } = makePackage()
  writeFiles(root, { 'tools/cc': '#!/bin/sh\n' })
  assert.equal(await install({ PATH: join(root, 'tools') }), {
    status: 1,
    signal: null,
    stdout: '',
    stderr:
      `jobshim: ${home}/shims/build/launcher: can't build the launcher (spawn make ENOENT)\n` +
      '  it takes make and a C compiler; install them, or build with npm run build where they are\n',
  })
  assert.not(existsSync(join(root, 'shims')))
})

test('launcher :: error :: the C compiler fails', async () => {
  const { root, home, install } = makePackage()
  const failing = '#!/bin/sh\necho "no such luck" >&2\nexit 1\n'
  writeFiles(root, { 'tools/cc': failing, 'tools/musl-gcc': failing })
  const { status, stdout, stderr } = await install({ PATH: `${root}/tools:${scrubbed().PATH}` })
  assert.equal({ status, stdout }, { status: 1, stdout: '' })
  const [what, hint] = stderr.split('\n')
  assert.ok(
    what?.startsWith(`jobshim: ${home}/shims/build/launcher: can't build the launcher (make ended with 2: `),
    what,
  )
  assert.is(
    hint,
    '  it takes make and a C compiler; install them, or build with npm run build where they are',
  )
  assert.not(existsSync(join(root, 'shims')))
  assert.not(existsSync(join(home, 'shims/build/launcher')))
})

/** A package that came with a launcher for this architecture, which `spoil` may change. */
function makePacked(spoil: (launcher: string) => void = () => undefined): ReturnType<typeof makePackage> {
  const made = makePackage()
  const place = join(made.home, `prebuilt/linux-${process.arch}`)
  cpSync(join(repository, 'shims/build'), place, { recursive: true })
  spoil(join(place, 'launcher'))
  return made
}

/** A PATH without make, and a cc that nobody may need. */
function withoutCompiler(root: string): { PATH: string } {
  writeFiles(root, { 'tools/cc': '#!/bin/sh\nexit 1\n' })
  return { PATH: join(root, 'tools') }
}

test('launcher :: that of the package, where there is neither make nor a compiler', async () => {
  const { root, home, install } = makePacked()
  const { status, stderr } = await install(withoutCompiler(root))
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  assert.not(existsSync(join(home, 'shims/build')))
  assert.not(existsSync(join(root, 'data/jobshim/build')))
  assert.equal(
    readFileSync(join(root, 'shims/.jobshim/launcher')),
    readFileSync(join(home, `prebuilt/linux-${process.arch}/launcher`)),
  )
  await works(join(root, 'shims/.jobshim/launcher'))
})

const spoilt: readonly { what: string; spoil: (launcher: string) => void; why: string }[] = [
  {
    what: 'of another machine',
    spoil(launcher) {
      const program = readFileSync(launcher)
      program.writeUInt16LE(0xffff, 18) // a machine that nobody has
      writeFileSync(launcher, program)
    },
    why: 'it is no program of this machine',
  },
  {
    what: 'that may not be run',
    spoil: launcher => chmodSync(launcher, 0o644),
    why: 'not executable, or its file system is mounted noexec',
  },
  {
    what: 'whose loader is missing, as that of another libc',
    spoil: launcher => writeFileSync(launcher, '#!/lib/ld-of-nobody.so\n'),
    why: "it can't be started (ENOENT)",
  },
  {
    what: 'that fails',
    spoil: launcher => writeFileSync(launcher, '#!/bin/sh\necho "no such symbol" >&2\nexit 127\n'),
    why: 'no such symbol',
  },
  {
    what: 'whose look is killed',
    spoil: launcher => writeFileSync(join(launcher, '../look'), '#!/bin/sh\nkill -ILL $$\n'),
    why: 'look beside it: it ended with SIGILL',
  },
]

for (const { what, spoil, why } of spoilt) {
  test(`launcher :: the package came with one ${what} :: one is built`, async () => {
    const { root, home, install } = makePacked(spoil)
    const { status, stderr } = await install(quickCompiler(root))
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
    assert.equal(
      readFileSync(join(root, 'shims/.jobshim/launcher')),
      readFileSync(join(home, 'shims/build/launcher')),
    )
    await works(join(root, 'shims/.jobshim/launcher'))
  })

  test(`launcher :: the package came with one ${what} :: error :: none can be built`, async () => {
    const { root, home, install } = makePacked(spoil)
    assert.equal(await install(withoutCompiler(root)), {
      status: 1,
      signal: null,
      stdout: '',
      stderr:
        `jobshim: ${home}/shims/build/launcher: can't build the launcher (spawn make ENOENT)\n` +
        `  ${home}/prebuilt/linux-${process.arch}/launcher: can't be used: ${why}\n` +
        '  it takes make and a C compiler; install them, or build with npm run build where they are\n',
    })
    assert.not(existsSync(join(root, 'shims')))
  })
}

test('launcher :: built for another machine, in a checkout that was copied :: built anew', async () => {
  const { root, home, install } = makePackage()
  cpSync(join(repository, 'shims/build'), join(home, 'shims/build'), { recursive: true })
  const place = join(home, 'shims/build/launcher')
  const program = readFileSync(place)
  program.writeUInt16LE(0xffff, 18)
  writeFileSync(place, program)
  const { status, stderr } = await install(quickCompiler(root))
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  await works(place)
  await works(join(root, 'shims/.jobshim/launcher'))
})

test.run()
