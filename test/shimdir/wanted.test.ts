import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapterNames } from '../../src/contract/adapters.js'
import { Failure } from '../../src/ground/failure.js'
import { wantedShims } from '../../src/shimdir/wanted.js'
import type { ShimWishes } from '../../src/shimdir/wish.js'

const onPath = [
  'ar',
  'c++',
  'cc',
  'clang-format',
  'gcc-12',
  'gcc-ar',
  'go',
  'ld.bfd',
  'make',
  'ninja',
  'python3',
  'yasm',
]
const path = { names: [...onPath, 'rustc'], isTool: (name: string) => onPath.includes(name) } // rustc isn't executable
const wishes: ShimWishes = {
  tools: undefined,
  adapters: adapterNames,
  join: undefined,
  machineJobs: 4,
  noJobserver: undefined,
  patience: undefined,
  rulesText: '',
}
const names = (change: Partial<ShimWishes>): string[] =>
  wantedShims({ ...wishes, ...change }, path).map(({ name }) => name)

test('wanted :: by default all families on PATH but ar, as and ranlib, and the adapters', () => {
  assert.equal(names({}), ['c++', 'cc', 'gcc-12', 'go', 'ld.bfd', 'make', 'ninja'])
})

test('wanted :: no adapters', () => {
  assert.equal(names({ adapters: [] }), ['c++', 'cc', 'gcc-12', 'go', 'ld.bfd'])
})

test('wanted :: some adapters, those on PATH', () => {
  assert.equal(names({ tools: [], adapters: ['cmake', 'ninja'] }), ['ninja'])
})

test('wanted :: an adapter is for its name with a version, too', () => {
  const others = [
    'cmake3',
    'ctest',
    'gmake-4.3',
    'gnumake',
    'go1.22',
    'make-4.4',
    'makedepend',
    'ninja-1.13',
    'ninja-build',
  ]
  const there = { names: others, isTool: () => true }
  const wanted = (adapters: readonly string[]): string[][] =>
    wantedShims({ ...wishes, tools: [], adapters, join: true }, there).map(({ name, toolFile }) => [
      name,
      toolFile,
    ])
  const ofFamily = (name: string, family: string) => [name, `family=${family}\njoin=1\n`]
  assert.equal(wanted(adapterNames), [
    ofFamily('cmake3', 'cmake'),
    ofFamily('ctest', 'ctest'),
    ofFamily('gmake-4.3', 'make'),
    ofFamily('gnumake', 'make'),
    ofFamily('make-4.4', 'make'),
    ofFamily('ninja-1.13', 'ninja'),
    ofFamily('ninja-build', 'ninja'),
  ])
  assert.equal(wanted(['make']), [ofFamily('make-4.4', 'make')])
})

test('wanted :: families and literal names, each once', () => {
  assert.equal(names({ tools: ['gcc', 'cc', 'yasm', 'ar'], adapters: [] }), [
    'ar',
    'c++',
    'cc',
    'gcc-12',
    'yasm',
  ])
})

test('wanted :: no tools at all', () => {
  assert.equal(names({ tools: [], adapters: [] }), [])
})

test("wanted :: tool files tell family, policy and patience, and an adapter's whether to join", () => {
  const files = wantedShims(
    {
      ...wishes,
      tools: ['cc', 'yasm', 'ninja'],
      adapters: [],
      join: true,
      noJobserver: 'error',
      patience: 1.5,
    },
    path,
  )
  assert.equal(files, [
    { name: 'cc', toolFile: 'family=gcc\nno-jobserver=error\npatience=1.5\n' },
    { name: 'ninja', toolFile: 'family=ninja\njoin=1\nno-jobserver=error\npatience=1.5\n' },
    { name: 'yasm', toolFile: 'no-jobserver=error\npatience=1.5\n' },
  ])
  assert.equal(wantedShims({ ...wishes, tools: ['yasm'], adapters: [] }, path), [
    { name: 'yasm', toolFile: '' },
  ])
})

test('wanted :: where there are rules, every tool file says so', () => {
  const ruled: ShimWishes = { ...wishes, tools: ['cc', 'yasm'], patience: 2, rulesText: 'load=4.00\n' }
  assert.equal(wantedShims(ruled, path), [
    { name: 'cc', toolFile: 'family=gcc\npatience=2\nrules=1\n' },
    { name: 'go', toolFile: 'family=go\npatience=2\nrules=1\n' },
    { name: 'make', toolFile: 'family=make\npatience=2\nrules=1\n' },
    { name: 'ninja', toolFile: 'family=ninja\npatience=2\nrules=1\n' },
    { name: 'yasm', toolFile: 'patience=2\nrules=1\n' },
  ])
})

function failureOf(tools: string[]): Failure {
  try {
    names({ tools })
  } catch (error) {
    if (error instanceof Failure) return error
  }
  throw new Error('was accepted')
}

for (const tool of ['nosuchcc', 'rustc', 'javac']) {
  test(`wanted :: error :: ${tool} not on PATH`, () => {
    const { message, hint, code } = failureOf(['cc', tool])
    assert.equal(
      { message, hint, code },
      { message: `${tool}: not found on PATH`, hint: 'install it, or leave it out of --tools', code: 1 },
    )
  })
}

for (const tool of ['/usr/bin/cc', '../cc', '.jobshim', '-x', '', 'a b', 'cc\n', 'look']) {
  test(`wanted :: error :: ${JSON.stringify(tool)} is no name`, () => {
    const { message, hint, code } = failureOf([tool])
    assert.is(message, `--tools: ${JSON.stringify(tool)} can't be the name of a tool`)
    assert.is(
      hint,
      'name families (ar, as, clang, gcc, gfortran, ghc, go, javac, ld, ranlib, rustc) or tools as they are called',
    )
    assert.is(code, 2)
  })
}

test.run()
