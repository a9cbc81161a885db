import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { adapterNames } from '../../src/contract/adapters.js'
import type { ShimWishes } from '../../src/shimdir/wish.js'
import { isWished, parseWish, renderWish, wishOf } from '../../src/shimdir/wish.js'

const wishes: ShimWishes = {
  tools: undefined,
  adapters: ['make', 'cargo'],
  join: undefined,
  machineJobs: 4,
  noJobserver: undefined,
  patience: undefined,
  rulesText: '',
}
const written = (change: Partial<ShimWishes>): string => renderWish(wishOf({ ...wishes, ...change }))

const all = 'family=clang\nfamily=gcc\nfamily=gfortran\nfamily=ghc\nfamily=go\nfamily=ld\nfamily=rustc\n'

test('wish :: written :: the default families and the adapters', () => {
  assert.is(written({}), `version=1\n${all}adapter=cargo\nadapter=make\n`)
})

test('wish :: written :: of --tools the families alone, each once', () => {
  assert.is(
    written({ tools: ['ld', 'yasm', 'gcc-12', 'ar', 'ld'], adapters: [] }),
    'version=1\nfamily=ar\nfamily=ld\n',
  )
  assert.is(written({ tools: [], adapters: [] }), 'version=1\n')
})

test('wish :: written :: what holds for all tools', () => {
  const more = { noJobserver: 'machine', patience: 1.5, rulesText: 'load=4.00\n', join: true } as const
  assert.is(
    written({ ...more, tools: ['gcc'], adapters: [] }),
    'version=1\nno-jobserver=machine\njobs=4\npatience=1.5\nrules=1\njoin=1\nfamily=gcc\n',
  )
})

test('wish :: what is written is read again', () => {
  const more = { noJobserver: 'error', patience: 0, rulesText: 'load=4.00\n', join: true } as const
  for (const change of [
    {},
    { tools: ['gcc'] },
    { tools: [], adapters: [] },
    more,
    { adapters: adapterNames },
  ]) {
    const wish = wishOf({ ...wishes, ...change })
    assert.equal(parseWish(renderWish(wish)), wish)
  }
})

test('wish :: keys and families of later versions are passed over', () => {
  assert.equal(parseWish('version=1\nfamily=zig\nfamily=gcc\ncolour=blue\njobs=3\n'), {
    families: ['gcc'],
    adapters: [],
    join: false,
    settings: 'jobs=3\n',
  })
})

for (const text of ['', 'family=gcc\n', 'version=2\nfamily=gcc\n', 'version=1', '{"version":1}'])
  test(`wish :: not believed :: ${JSON.stringify(text)}`, () => {
    assert.is(parseWish(text), undefined)
  })

test('wish :: names of its families, and of its adapters with a version', () => {
  const wish = wishOf({ ...wishes, tools: ['gcc'], adapters: ['make', 'ccache'] })
  const names = ['gcc-12', 'cc', 'clang', 'gcc-ar', 'make-4.3', 'ninja', 'ccache', 'distcc']
  assert.equal(
    names.filter(name => isWished(wish, name)),
    ['gcc-12', 'cc', 'make-4.3', 'ccache'],
  )
})

test.run()
