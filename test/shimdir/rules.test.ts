import {
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapterNames } from '../../src/contract/adapters.js'
import { ensureShims } from '../../src/shimdir/ensure.js'
import { makeBench, picture } from '../support/fake-tools.js'
import { writeFiles } from '../support/workspace.js'

const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })
const read = (dir: string, name: string): string => readFileSync(join(dir, '.jobshim', name), 'utf8')

const config = `load: 1.5x
pressure: { cpu: 60, memory: 10 }
engine: distcc
rules:
  - { kind: link, tokens: 4, memory: 512M }
  - { tools: [rustc, my-tool], memory: learn }
  - { kind: link, limit: 2 }
  - { package: "dev-qt/qtwebengine", kind: compile, memory: 1.5M, engine: false }
`

const rules = `load=${(1.5 * availableParallelism()).toFixed(2)}
pressure-cpu=60
pressure-memory=10
engine=distcc
rule=1285471058
kind=link
tokens=4
memory=524288
rule=1273751600
tool=rustc
tool=my-tool
memory=learn
rule=2713081754
kind=link
limit=2
rule=1116622112
kind=compile
package=dev-qt/qtwebengine
memory=1536
engine=
`

test('install :: rules :: byte for byte, and every tool file names them', async () => {
  const { install, dir, path, root } = makeBench(['cc', 'make', 'yasm'])
  writeFiles(root, { '.jobshimrc': config })
  await install('--tools', 'cc,yasm')
  assert.is(read(dir, 'rules'), rules)
  assert.is((statSync(join(dir, '.jobshim/rules')).mode & 0o777).toString(8), '644')
  assert.equal(
    ['cc', 'make', 'yasm'].map(name => read(dir, `tools/${name}`)),
    ['family=gcc\nrules=1\n', 'family=make\nrules=1\n', 'rules=1\n'].map(
      (text, index) => `${text}real=${path}/${['cc', 'make', 'yasm'][index]}\n`,
    ),
  )
  assert.equal(picture(join(dir, '.jobshim')), {
    adapters: 'directory',
    bin: 'directory',
    costs: 'directory',
    launcher: 'file',
    look: 'file',
    'manifest.json': 'file',
    rules: 'file',
    tools: 'directory',
    versions: 'directory',
    wanted: 'file',
  })
})

test('install :: rules :: twice :: the second one changes nothing', async () => {
  const { call, install, dir, root } = makeBench(['cc'])
  writeFiles(root, { '.jobshimrc': config })
  await install()
  const places = ['.jobshim/rules', '.jobshim/tools/cc', '.jobshim/costs'].map(name => join(dir, name))
  const inodes = places.map(path => lstatSync(path).ino)
  assert.equal(await call('install'), good(`nothing changed: 1 shim in ${dir}\n`))
  assert.equal(
    places.map(path => lstatSync(path).ino),
    inodes,
  )
})

test('install :: rules :: follow the config, and go with its last one', async () => {
  const { call, install, dir, path, root } = makeBench(['cc'])
  writeFiles(root, { '.jobshimrc': config })
  await install()
  writeFiles(root, { '.jobshimrc': 'load: 3\n' })
  assert.equal(await call('install'), good(`1 shim in ${dir}\n`))
  assert.is(read(dir, 'rules'), 'load=3.00\n')
  assert.is(read(dir, 'tools/cc'), `family=gcc\nrules=1\nreal=${path}/cc\n`)
  assert.equal(await call('install', '--no-config'), good(`1 shim in ${dir}\n`))
  assert.is(read(dir, 'tools/cc'), `family=gcc\nreal=${path}/cc\n`)
  assert.equal(Object.keys(picture(join(dir, '.jobshim'))), [
    'bin',
    'costs',
    'launcher',
    'look',
    'manifest.json',
    'tools',
    'versions',
    'wanted',
  ])
})

test('install :: rules :: somebody changed them by hand: put right', async () => {
  const { call, install, dir, root } = makeBench(['cc'])
  writeFiles(root, { '.jobshimrc': 'load: 3\n' })
  await install()
  for (const text of ['load=9.00\n', '']) {
    writeFiles(dir, { '.jobshim/rules': text })
    assert.equal(await call('install'), good(`1 shim in ${dir}\n`))
    assert.is(read(dir, 'rules'), 'load=3.00\n')
  }
})

test('install :: rules :: by the first run too', async () => {
  const { dir, path, root } = makeBench(['cc'])
  const wishes = {
    tools: undefined,
    adapters: adapterNames,
    join: undefined,
    machineJobs: 4,
    noJobserver: undefined,
    patience: undefined,
    rulesText: 'load=3.00\n',
  }
  const ensured = await ensureShims(dir, wishes, { PATH: path, HOME: root })
  assert.equal(ensured, { dir, shims: { kind: 'installed' } })
  assert.is(read(dir, 'rules'), 'load=3.00\n')
  assert.is(read(dir, 'tools/cc'), `family=gcc\nrules=1\nreal=${path}/cc\n`)
})

test('uninstall :: rules and costs are gone, those of tools without a shim too', async () => {
  const { call, install, dir, root } = makeBench(['cc'])
  writeFiles(root, { '.jobshimrc': config })
  await install()
  writeFiles(dir, { '.jobshim/costs/cc': 'x', '.jobshim/costs/protoc': '' })
  assert.equal(await call('uninstall'), good(`removed 1 shim from ${dir}\n`))
  assert.equal(picture(root), { '.jobshimrc': 'file', tools: 'directory' })
})

test('uninstall :: foreign files beside the costs are left alone and named', async () => {
  const { call, install, dir } = makeBench(['cc'])
  await install()
  const costs = join(dir, '.jobshim/costs')
  writeFiles(costs, { cc: 'x', '.hidden': 'mine', 'a b': 'mine' })
  mkdirSync(join(costs, 'ld'))
  symlinkSync('cc', join(costs, 'gcc'))
  assert.equal(
    await call('uninstall'),
    good(
      [
        `removed 1 shim from ${dir}`,
        ...['.hidden', 'a b', 'gcc', 'ld'].map(name => `  left alone, not ours: ${costs}/${name}`),
        '',
      ].join('\n'),
    ),
  )
  assert.equal(picture(costs), { '.hidden': 'file', 'a b': 'file', gcc: '-> cc', ld: 'directory' })
  assert.equal(picture(join(dir, '.jobshim')), { costs: 'directory' })
})

const inTheWay: readonly {
  name: 'wanted' | 'rules' | 'costs'
  title: string
  put: (path: string) => void
}[] = [
  { name: 'wanted', title: 'a directory', put: path => mkdirSync(path) },
  { name: 'wanted', title: 'a symlink', put: path => symlinkSync('../../notes', path) },
  { name: 'rules', title: 'a directory', put: path => mkdirSync(path) },
  { name: 'rules', title: 'a symlink', put: path => symlinkSync('../../notes', path) },
  { name: 'costs', title: 'a file', put: path => writeFileSync(path, 'mine') },
  { name: 'costs', title: 'a symlink to a directory', put: path => symlinkSync('../..', path) },
]

for (const { name, title, put } of inTheWay)
  test(`install :: error :: ${title} in place of .jobshim/${name} :: named, left alone, nothing half done`, async () => {
    const { call, install, dir, root } = makeBench(['cc', 'ld'])
    writeFiles(root, { '.jobshimrc': 'load: 3\n', notes: 'mine' })
    await install('--no-config', '--tools', 'cc')
    const place = join(dir, '.jobshim', name)
    rmSync(place, { recursive: true, force: true })
    put(place)
    const before = [picture(dir), picture(join(dir, '.jobshim'))]
    assert.equal(await call('install'), {
      status: 1,
      signal: null,
      stdout: '',
      stderr:
        `jobshim: ${place}: not ${name === 'costs' ? 'a directory' : 'a plain file'}; nothing was changed\n` +
        '  move it away, or name another place with --dir\n',
    })
    assert.equal([picture(dir), picture(join(dir, '.jobshim'))], before)
    assert.equal(
      await call('uninstall'),
      good(`removed 1 shim from ${dir}\n  left alone, not ours: ${place}\n`),
    )
    assert.equal(Object.keys(picture(join(dir, '.jobshim'))), [name])
    assert.is(readFileSync(join(root, 'notes'), 'utf8'), 'mine')
  })

test('install :: costs :: survive an install, and the directory comes back', async () => {
  const { call, install, dir } = makeBench(['cc', 'ld'])
  await install()
  writeFiles(dir, { '.jobshim/costs/ld': 'counted' })
  await install('--tools', 'cc')
  assert.is(read(dir, 'costs/ld'), 'counted')
  unlinkSync(join(dir, '.jobshim/costs/ld'))
  rmSync(join(dir, '.jobshim/costs'), { recursive: true })
  assert.equal(await call('install', '--tools', 'cc'), good(`1 shim in ${dir}\n`))
  assert.equal(picture(join(dir, '.jobshim/costs')), {})
})

test.run()
