import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ToolFamily } from '../../src/contract/arguments.js'
import type { RunKind } from '../../src/contract/run-kinds.js'
import { makeWorkspace, repository } from '../support/workspace.js'

const program = join(makeWorkspace(), 'kind')
const shims = join(repository, 'shims')
execFileSync('cc', [
  ...['-D_GNU_SOURCE', `-I${shims}`, '-o', program],
  ...[join(repository, 'test/support/kind.c'), join(shims, 'tool/arguments.c')],
])

const told = (family: string, line: string): string[] =>
  execFileSync(program, [family, ...line.split(' ')], { encoding: 'utf8' })
    .replace(/\n$/, '')
    .split(' ')

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
    assert.is(told(family, line)[0], kind)
  })

test('kinds :: a tool of no family :: other, but --version alone is a probe', () => {
  assert.is(told('', 'protoc -E')[0], 'other')
  assert.is(told('', 'protoc --version')[0], 'probe')
})

// What a journal calls a run by: of a link what it makes, else what it reads.
const files: readonly [file: string, ToolFamily | '', string][] = [
  ['a.c', 'gcc', 'gcc -DX=1 -Iinclude -MD -MF dep/a.c.d -o a.o -c a.c'],
  ['src/a.cc', 'gcc', 'g++ -include config.h -isystem x.h -c src/a.cc -o a.o'],
  ['a.o', 'gcc', 'gcc -x c -c - -o a.o'],
  ['a', 'gcc', 'gcc a.c b.c -o a'],
  ['a.c', 'gcc', 'gcc a.c b.c'],
  ['a.o', 'gcc', 'gcc a.o b.o -lm'],
  ['', 'gcc', 'gcc @link.rsp'],
  ['liba.so', 'ld', 'ld -shared -T script.c --output=liba.so a.o'],
  ['src/lib.rs', 'rustc', 'rustc --crate-name a --crate-type lib src/lib.rs --out-dir x'],
  ['liba.a', 'ar', 'ar rcs liba.a a.o'],
  ['a.c', 'gcc', 'gcc -c a.c -o'],
  ['', '', 'protoc'],
]

for (const [file, family, line] of files)
  test(`kinds :: ${line} :: is about ${file === '' ? 'no file' : file}`, () =>
    assert.is(told(family as ToolFamily, line)[1], file))

test.run()
