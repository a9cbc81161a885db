import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunKind, ToolFamily } from '../../src/toolchain/arguments.js'
import { makeWorkspace, repository } from '../support/workspace.js'

const program = join(makeWorkspace(), 'kind')
const shims = join(repository, 'shims')
execFileSync('cc', [
  ...['-D_GNU_SOURCE', `-I${shims}`, '-o', program],
  ...[join(repository, 'test/support/kind.c'), join(shims, 'arguments.c')],
])

// As real builds call them: autoconf, CMake, ccache, distcc, cargo, libtool, configure scripts.
const runs: readonly [RunKind, ToolFamily, string][] = [
  ['compile', 'as', 'as -o a.o a.s'],
  ['probe', 'as', 'as --version'],
  ['other', 'ar', 'ar rcs liba.a a.o'],
  ['compile', 'clang', 'clang++ -DX=1 -Iinclude -O2 -MD -MF a.d -o a.o -c a.cc'],
  ['compile', 'clang', 'clang -cc1 -triple x86_64-pc-linux-gnu -emit-obj a.c'],
  ['link', 'clang', 'clang -fuse-ld=lld a.o -o a'],
  ['preprocess', 'clang', 'clang -E -c a.c'],
  ['probe', 'clang', 'clang -print-resource-dir'],
  ['compile', 'gcc', 'gcc -c -o a.o a.c'],
  ['compile', 'gcc', 'gcc -x c -c -'],
  ['compile', 'gcc', 'g++ -x c++-header all.h -o all.h.gch'],
  ['compile', 'gcc', 'gcc -fsyntax-only a.c'],
  ['compile', 'gcc', 'gcc -S a.c'],
  ['link', 'gcc', 'gcc a.c'],
  ['link', 'gcc', 'gcc -shared -Wl,-soname,liba.so -o liba.so a.o'],
  ['link', 'gcc', 'gcc -r -nostdlib -o all.o a.o b.o'],
  ['link', 'gcc', 'g++ @link.rsp'],
  ['preprocess', 'gcc', 'gcc -E a.c'],
  ['preprocess', 'gcc', 'gcc -MM -MG a.c'],
  ['probe', 'gcc', 'gcc -v'],
  ['probe', 'gcc', 'gcc -c'],
  ['probe', 'gcc', 'gcc -c a.c -dumpmachine'],
  ['compile', 'ghc', 'ghc -O -c Main.hs'],
  ['link', 'ghc', 'ghc --make Main.hs'],
  ['compile', 'javac', 'javac -d out A.java B.java'],
  ['link', 'ld', 'ld -o a a.o -lc'],
  ['probe', 'ld', 'ld -v'],
  ['other', 'ranlib', 'ranlib liba.a'],
  ['compile', 'rustc', 'rustc --crate-name a --crate-type lib --emit=dep-info,metadata,link src/lib.rs'],
  ['compile', 'rustc', 'rustc --crate-name a --crate-type=rlib src/lib.rs'],
  ['compile', 'rustc', 'rustc --crate-type bin --emit=dep-info,metadata src/main.rs'],
  ['link', 'rustc', 'rustc --crate-type bin --emit=dep-info,link src/main.rs'],
  ['link', 'rustc', 'rustc --crate-type lib --crate-type cdylib src/lib.rs'],
  ['link', 'rustc', 'rustc --crate-type lib --test src/lib.rs'],
  ['link', 'rustc', 'rustc a.rs'],
  ['probe', 'rustc', 'rustc - --crate-name ___ --print=file-names --crate-type bin'],
]

for (const [kind, family, line] of runs)
  test(`kinds :: ${line} :: ${kind}`, () => {
    assert.is(execFileSync(program, [family, ...line.split(' ')], { encoding: 'utf8' }), `${kind}\n`)
  })

test('kinds :: a tool of no family :: other, but --version alone is a probe', () => {
  assert.is(execFileSync(program, ['', 'protoc', '-E'], { encoding: 'utf8' }), 'other\n')
  assert.is(execFileSync(program, ['', 'protoc', '--version'], { encoding: 'utf8' }), 'probe\n')
})

test.run()
