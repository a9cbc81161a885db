import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadSettings } from '../../src/config/load.js'
import { adaptedNames } from '../../src/contract/wrappers.js'
import { Failure } from '../../src/ground/failure.js'
import { processors } from '../../src/ground/processors.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

test('config :: load :: defaults', async () => {
  const home = makeWorkspace()
  assert.equal(await loadSettings({}, home, { HOME: home }), {
    adapters: adaptedNames,
    dir: join(home, '.local/share/jobshim/shims'),
    engine: undefined,
    jobs: processors(),
    join: undefined,
    machineJobs: processors(),
    noJobserver: undefined,
    patience: undefined,
    quiet: false,
    sandbox: false,
    rulesText: '',
    tools: undefined,
    configFile: undefined,
  })
})

const everything = {
  adapters: ['make', 'ninja'],
  dir: 'shims',
  engine: 'distcc',
  jobs: 3,
  join: true,
  load: 12,
  noJobserver: 'error',
  patience: 2.5,
  pressure: { cpu: 60, io: 40, memory: 20 },
  priority: 'low',
  quiet: true,
  reserve: 2,
  sandbox: false,
  rules: [
    {
      tools: ['gcc'],
      kind: 'link',
      package: 'dev-qt/*',
      tokens: 4,
      memory: '512M',
      limit: 2,
      priority: 'normal',
      engine: false,
    },
  ],
  tools: ['gcc', 'yasm'],
}

const { load: _, pressure: __, priority: ___, reserve: ____, rules: _____, ...kept } = everything
const rulesText = `load=12.00
pressure-cpu=60
pressure-memory=20
pressure-io=40
priority=low
reserve=2
engine=distcc
rule=1888531096
tool=gcc
kind=link
package=dev-qt/*
tokens=4
memory=524288
limit=2
priority=normal
engine=
`

const yaml = `$schema: ./node_modules/jobshim/config.schema.json
adapters: [make, ninja]
dir: shims
engine: distcc
jobs: 3
join: true
load: 12
noJobserver: error
patience: 2.5
pressure: { cpu: 60, io: 40, memory: 20 }
priority: low
quiet: true
reserve: 2
rules:
  - { tools: [gcc], kind: link, package: dev-qt/*, tokens: 4, memory: 512M, limit: 2, priority: normal, engine: false }
tools: [gcc, yasm]
`

const spellings: Record<string, string> = {
  'package.json': JSON.stringify({ name: 'x', jobshim: everything }),
  '.jobshimrc': JSON.stringify(everything),
  '.jobshimrc.json': JSON.stringify(everything),
  '.jobshimrc.yaml': yaml,
  '.jobshimrc.yml': yaml,
}

for (const [name, text] of Object.entries(spellings)) {
  test(`config :: load :: every key in ${name}, dir relative to the file`, async () => {
    const home = makeWorkspace()
    writeFiles(home, { [name]: text, 'below/x': '' })
    assert.equal(await loadSettings({}, join(home, 'below'), { HOME: home }), {
      ...kept,
      machineJobs: 3,
      rulesText,
      dir: join(home, 'shims'),
      configFile: join(home, name),
    })
  })
}

for (const name of ['.jobshimrc', 'package.json'])
  test(`config :: load :: engine by its older key in ${name}`, async () => {
    const home = makeWorkspace()
    const { engine, ...others } = everything
    const rules = others.rules.map(({ engine, ...rule }) => ({ ...rule, launcher: engine }))
    const config = { ...others, launcher: engine, rules }
    writeFiles(home, { [name]: JSON.stringify(name === 'package.json' ? { jobshim: config } : config) })
    assert.equal(await loadSettings({}, home, { HOME: home }), {
      ...kept,
      machineJobs: 3,
      rulesText,
      dir: join(home, 'shims'),
      configFile: join(home, name),
    })
  })

test('config :: load :: engine by both keys, with one value', async () => {
  const home = makeWorkspace()
  const rule = '{ kind: link, engine: false, launcher: false }'
  writeFiles(home, { '.jobshimrc': `launcher: icecc\nengine: icecc\nrules: [${rule}]\n` })
  const { engine, rulesText } = await loadSettings({}, home, { HOME: home })
  assert.is(engine, 'icecc')
  assert.match(rulesText, /^engine=icecc\nrule=\d+\nkind=link\nengine=\n$/)
})

test('config :: load :: flag before environment before config before default', async () => {
  const home = makeWorkspace()
  writeFiles(home, { '.jobshimrc': 'dir: from-config\njobs: 3\ntools: [ld]\nquiet: true\n', 'below/x': '' })
  const below = join(home, 'below')
  const environment = { HOME: home, JOBSHIM_DIR: 'from-environment' }
  const settings = await loadSettings({ dir: 'from-flag', jobs: 5, tools: ['gcc'] }, below, environment)
  assert.is(settings.dir, join(below, 'from-flag'))
  assert.is(settings.jobs, 5)
  assert.equal(settings.tools, ['gcc'])
  assert.is(settings.quiet, true)
  assert.is((await loadSettings({}, below, environment)).dir, join(below, 'from-environment'))
  assert.is((await loadSettings({}, below, { HOME: home })).dir, join(home, 'from-config'))
  assert.is((await loadSettings({}, below, { HOME: home, JOBSHIM_DIR: '' })).dir, join(home, 'from-config'))
})

test('config :: load :: adapters on, off, or some', async () => {
  const home = makeWorkspace()
  for (const [text, names] of [
    ['true', adaptedNames],
    ['false', []],
    ['[cmake]', ['cmake']],
  ] as const) {
    writeFiles(home, { '.jobshimrc': `adapters: ${text}\n` })
    assert.equal((await loadSettings({}, home, { HOME: home })).adapters, names)
  }
  assert.equal((await loadSettings({ noAdapters: true }, home, { HOME: home })).adapters, [])
})

test('config :: load :: --config names one, --no-config none', async () => {
  const home = makeWorkspace()
  writeFiles(home, { '.jobshimrc': 'jobs: 3', 'other.yaml': 'jobs: 4', other: '{"jobs": 5}' })
  const jobs = async (flags: object): Promise<number> =>
    (await loadSettings(flags, home, { HOME: home })).jobs
  assert.is(await jobs({}), 3)
  assert.is(await jobs({ config: 'other.yaml' }), 4)
  assert.is(await jobs({ config: join(home, 'other') }), 5)
  assert.is(await jobs({ noConfig: true }), processors())
})

test('config :: load :: jobs: auto is that of MAKEOPTS, else the cores', async () => {
  const home = makeWorkspace()
  writeFiles(home, { '.jobshimrc': 'jobs: auto\n', 'three.yaml': 'jobs: 3\n' })
  const jobs = async (flags: object, MAKEOPTS?: string): Promise<number> =>
    (await loadSettings(flags, home, { HOME: home, MAKEOPTS })).jobs
  assert.is(await jobs({}), processors())
  assert.is(await jobs({}, '-j7 -l8'), 7)
  assert.is(await jobs({ noConfig: true }, '-j7 -l8'), 7)
  assert.is(await jobs({ config: 'three.yaml' }, '-j7'), 3)
  assert.is(await jobs({ jobs: 2 }, '-j7'), 2)
})

/** A home with a config, and a project below it with one of its own, or beside it. */
function makeProject(own: string, project: string, name = 'home/project') {
  const root = makeWorkspace()
  writeFiles(root, { 'home/.jobshimrc': own, [`${name}/.jobshimrc.yaml`]: project, [`${name}/below/x`]: '' })
  return { home: join(root, 'home'), project: join(root, name), below: join(root, name, 'below') }
}

for (const name of ['home/project', 'beside'])
  test(`config :: load :: ${name} :: what its config does not say, that of the home directory says`, async () => {
    const own = 'noJobserver: machine\njoin: true\njobs: 3\nreserve: 1\npriority: low\ndir: shims\n'
    const text = 'tools: [gcc]\npriority: normal\nload: 9\n'
    const { home, project, below } = makeProject(own, text, name)
    const settings = await loadSettings({}, below, { HOME: home })
    assert.equal(
      [settings.noJobserver, settings.join, settings.jobs, settings.machineJobs, settings.dir],
      ['machine', true, 3, 3, join(home, 'shims')],
    )
    assert.equal([settings.tools, settings.configFile], [['gcc'], join(project, '.jobshimrc.yaml')])
    assert.is(settings.rulesText, 'load=9.00\npriority=normal\nreserve=1\n')
  })

test('config :: load :: a config that is named, or none at all :: that of the home directory says nothing', async () => {
  const { home, project } = makeProject('noJobserver: machine\njobs: 3\n', 'tools: [gcc]\n')
  for (const flags of [{ config: '.jobshimrc.yaml' }, { noConfig: true }]) {
    const { noJobserver, jobs } = await loadSettings(flags, project, { HOME: home })
    assert.equal([noJobserver, jobs], [undefined, processors()])
  }
})

/** What a project says of its jobs, and who says how many slots the machine's pool has. */
const pools: readonly {
  own: string
  project: string
  env?: NodeJS.ProcessEnv
  jobs: number
  pool: number
}[] = [
  { own: 'noJobserver: machine\njobs: 3\n', project: 'jobs: 64\n', jobs: 64, pool: 3 },
  { own: 'noJobserver: machine\njobs: 3\n', project: 'jobs: 2\n', jobs: 2, pool: 3 },
  { own: 'noJobserver: machine\n', project: 'jobs: 64\n', jobs: 64, pool: processors() },
  { own: 'jobs: 3\n', project: 'noJobserver: machine\njobs: 64\n', jobs: 64, pool: 3 },
  { own: 'join: true\n', project: 'noJobserver: machine\njobs: 64\n', jobs: 64, pool: 64 },
  {
    own: 'jobs: 3\n',
    project: 'jobs: 64\n',
    env: { JOBSHIM_NO_JOBSERVER: 'machine' },
    jobs: 64,
    pool: 3,
  },
]

for (const { own, project, env = {}, jobs, pool } of pools)
  test(`config :: load :: ${JSON.stringify([own, project, env])} :: the machine's pool has ${pool} slots`, async () => {
    const place = makeProject(own, project)
    const settings = await loadSettings({}, place.below, { HOME: place.home, ...env })
    assert.equal([settings.jobs, settings.machineJobs], [jobs, pool])
  })

test('config :: load :: a wrong config of the home directory :: is told, by its path', async () => {
  const { home, below } = makeProject('jobs: many\n', 'tools: [gcc]\n')
  try {
    await loadSettings({}, below, { HOME: home })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, Failure)
    assert.match(String(error), `${home}/.jobshimrc: jobs: expected auto`)
  }
})

test('config :: load :: an empty file is a config without settings', async () => {
  const home = makeWorkspace()
  writeFiles(home, { '.jobshimrc': '\n', '.jobshimrc.json': '{"jobs":7}' })
  const settings = await loadSettings({}, home, { HOME: home })
  assert.is(settings.configFile, join(home, '.jobshimrc'))
  assert.is(settings.jobs, processors())
})

test.run()
