import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultFamilies, familyNames, familyOf, familyRows } from '../../src/contract/families.js'

const members: Record<string, readonly string[]> = {
  gcc: [
    'gcc',
    'g++',
    'cc',
    'c++',
    'c89',
    'c99',
    'c89-gcc',
    'c99-gcc',
    'gcc-12',
    'g++-12.2.0',
    'x86_64-linux-gnu-gcc',
    'x86_64-linux-gnu-g++-12',
    'x86_64-pc-linux-gnu-c++',
    'arm-none-eabi-gcc',
    'aarch64-unknown-linux-gnu-cc',
    'i686-w64-mingw32-g++',
    'avr-gcc',
    'riscv64-unknown-elf-gcc-13',
  ],
  clang: [
    'clang',
    'clang++',
    'clang-14',
    'clang++-19',
    'x86_64-pc-linux-gnu-clang',
    'aarch64-linux-gnu-clang++',
  ],
  gfortran: ['gfortran', 'gfortran-12', 'x86_64-linux-gnu-gfortran-12'],
  ghc: ['ghc', 'ghc-9.4.7'],
  go: ['go'],
  javac: ['javac'],
  ld: [
    'ld',
    'ld.bfd',
    'ld.gold',
    'ld.lld',
    'ld.mold',
    'lld',
    'mold',
    'x86_64-linux-gnu-ld',
    'x86_64-linux-gnu-ld.gold',
  ],
  rustc: ['rustc'],
  as: ['as', 'x86_64-linux-gnu-as'],
  ar: ['ar', 'arm-none-eabi-ar'],
  ranlib: ['ranlib', 'i686-w64-mingw32-ranlib'],
}

const outsiders = [
  'gcc-ar',
  'gcc-nm',
  'gcc-ranlib',
  'gcc-ar-12',
  'gcc-ranlib-12',
  'x86_64-linux-gnu-gcc-ar',
  'x86_64-linux-gnu-gcc-ranlib-12',
  'clang-format',
  'clang-tidy-14',
  'clang-cpp',
  'clang-cpp-14',
  'llvm-ar',
  'llvm-as',
  'ghc-pkg',
  'ghci',
  'gofmt',
  'javacc',
  'ldd',
  'ldconfig',
  'ccache',
  'ccache-gcc',
  'cpp',
  'c99-',
  'gcc-',
  'gcc-x',
  'make',
  '',
]

for (const [family, names] of Object.entries(members)) {
  test(`families :: ${family} :: ${names.join(' ')}`, () => {
    for (const name of names) assert.is(familyOf(name), family, name)
  })
}

test('families :: none for what only resembles a tool', () => {
  for (const name of outsiders) assert.is(familyOf(name), undefined, name)
})

test('families :: the examples above cover every family', () => {
  assert.equal(Object.keys(members).sort(), [...familyNames])
})

test('families :: as, ar, javac and ranlib are off by default', () => {
  assert.equal(
    familyNames.filter(name => !defaultFamilies.includes(name)),
    ['ar', 'as', 'javac', 'ranlib'],
  )
})

test('families :: the table is sorted by family, and every row has a reason', () => {
  const families = familyRows.map(({ family }) => family)
  assert.equal(families, [...families].sort())
  for (const { names, why } of familyRows) {
    assert.equal(names, [...names].sort())
    assert.ok(why.length > 3, names.join(' '))
  }
})

test.run()
