import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { shellVariables } from '../../src/shimdir/surroundings.js'

const none = { prefix: '', cppPrefix: '' }
const launcher = '/s/.jobshim/launcher'

const cases: readonly {
  name: string
  of: string
  given: string | undefined
  expected: string | undefined
}[] = [
  { name: 'PATH, first', of: 'PATH', given: '/usr/bin', expected: '/s:/usr/bin' },
  { name: 'PATH, there already', of: 'PATH', given: '/s:/usr/bin', expected: '/s:/usr/bin' },
  {
    name: 'PATH, behind others',
    of: 'PATH',
    given: '/ccache:/s:/usr/bin',
    expected: '/s:/ccache:/s:/usr/bin',
  },
  { name: 'PATH, not set', of: 'PATH', given: undefined, expected: '/s:/usr/local/bin:/usr/bin:/bin' },
  { name: 'ccache', of: 'CCACHE_PREFIX', given: undefined, expected: launcher },
  { name: 'ccache, set', of: 'CCACHE_PREFIX', given: 'distcc', expected: `${launcher} distcc` },
  {
    name: 'ccache, chained',
    of: 'CCACHE_PREFIX',
    given: `${launcher} distcc`,
    expected: `${launcher} distcc`,
  },
  { name: 'ccache, set to nothing', of: 'CCACHE_PREFIX', given: '', expected: launcher },
  {
    name: "another shim dir's",
    of: 'CCACHE_PREFIX',
    given: '/t/.jobshim/launcher',
    expected: '/t/.jobshim/launcher',
  },
  { name: "ccache's preprocessor", of: 'CCACHE_PREFIX_CPP', given: undefined, expected: launcher },
  { name: 'CMake', of: 'CMAKE_C_COMPILER_LAUNCHER', given: undefined, expected: launcher },
  {
    name: 'CMake, set',
    of: 'CMAKE_CUDA_COMPILER_LAUNCHER',
    given: 'ccache;-x',
    expected: `${launcher};--;ccache;-x`,
  },
  {
    name: 'CMake, chained',
    of: 'CMAKE_CXX_COMPILER_LAUNCHER',
    given: `${launcher};ccache`,
    expected: `${launcher};ccache`,
  },
  { name: 'cargo', of: 'RUSTC_WRAPPER', given: undefined, expected: launcher },
  { name: 'cargo, empty', of: 'RUSTC_WRAPPER', given: '', expected: launcher },
  { name: 'cargo, taken: it stays', of: 'RUSTC_WRAPPER', given: 'sccache', expected: undefined },
  { name: 'go', of: 'GOFLAGS', given: undefined, expected: `-toolexec=${launcher}` },
  {
    name: 'go, others',
    of: 'GOFLAGS',
    given: `-v '-ldflags=-s -w'`,
    expected: `-v '-ldflags=-s -w' -toolexec=${launcher}`,
  },
  { name: 'go, set', of: 'GOFLAGS', given: '-toolexec=time', expected: `'-toolexec=${launcher} -- time'` },
  {
    name: 'go, chained',
    of: 'GOFLAGS',
    given: `'-toolexec=${launcher} time'`,
    expected: `'-toolexec=${launcher} time'`,
  },
]

for (const { name, of, given, expected } of cases)
  test(`surroundings :: ${name}`, () => {
    assert.is(shellVariables('/s', none, given === undefined ? {} : { [of]: given })[of], expected)
  })

test('surroundings :: twice is as once', () => {
  const given = {
    PATH: '/bin',
    CCACHE_PREFIX: 'distcc',
    GOFLAGS: '-toolexec=time',
    CMAKE_C_COMPILER_LAUNCHER: 'ccache',
  }
  const once = { ...given, ...shellVariables('/s s', none, given) }
  assert.equal({ ...once, ...shellVariables('/s s', none, once) }, once)
})

test('surroundings :: no ccache, or a shim dir that it would split', () => {
  for (const variables of [shellVariables('/s', undefined, {}), shellVariables('/s s', none, {})])
    assert.equal(
      Object.keys(variables).filter(name => name.startsWith('CCACHE')),
      [],
    )
})

test('surroundings :: what the config of ccache says stays, where the environment says nothing', () => {
  const configured = { prefix: 'distcc', cppPrefix: 'nice' }
  const { CCACHE_PREFIX, CCACHE_PREFIX_CPP } = shellVariables('/s', configured, { CCACHE_PREFIX: 'icecc' })
  assert.equal([CCACHE_PREFIX, CCACHE_PREFIX_CPP], [`${launcher} icecc`, `${launcher} nice`])
})

test('surroundings :: go and CMake :: names that they split', () => {
  assert.is(shellVariables('/a b', none, {}).GOFLAGS, `"-toolexec='/a b/.jobshim/launcher'"`)
  assert.is(shellVariables(`/a b'"`, none, {}).GOFLAGS, undefined)
  assert.is(shellVariables('/a;b', none, {}).CMAKE_C_COMPILER_LAUNCHER, undefined)
})

test.run()
