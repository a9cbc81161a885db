import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, findClient } from '../support/clients.js'
import { run } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import {
  assertSame,
  type Call,
  callBare,
  calls,
  callThroughShim,
  doors,
  places,
} from '../support/transparent-calls.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** Real compilers find themselves, that is cc1, their mode and their toolchain, by the argv[0] that a launcher sets. */
type Compiler = { name: string; needs?: ClientKey; source: string; linked?: ClientKey }

const triple = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim()

const compilers: readonly Compiler[] = [
  { name: 'gcc', source: 'hello.c' },
  { name: 'g++', source: 'hello.cc' },
  { name: `${triple}-gcc`, source: 'hello.c' },
  { name: 'clang', needs: 'clang', source: 'hello.c' },
  { name: 'clang++', needs: 'clang', source: 'hello.cc' }, // only as clang++ it links the library of `new`
  { name: 'rustc', needs: 'cargo', source: 'hello.rs' }, // often a link to rustup
  { name: 'gcc', needs: 'ccache', source: 'hello.c', linked: 'ccache' },
]

const sources = {
  'hello.c': '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n',
  'hello.cc':
    'extern "C" int puts(const char *);\nint main() { int *n = new int(1); puts("hello"); delete n; return 0; }\n',
  'hello.rs': 'fn main() { println!("hello"); }\n',
}

const isOnPath = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some(entry => existsSync(join(entry, name)))

/** Calls a compiler and returns a hash of the program that it made, after that program said hello. */
async function compileHello(call: () => ReturnType<typeof callBare>, program: string): Promise<string> {
  rmSync(program, { force: true })
  const { stdout, stderr } = await call()
  assert.is(stderr, '')
  assert.match(stdout, /^status 0\ntokens 3$/m)
  assert.is((await run(program, [])).stdout, 'hello\n')
  return createHash('sha256').update(readFileSync(program)).digest('hex')
}

async function prepare({ name, source, linked }: Compiler): Promise<Call & { program: string }> {
  const work = makeWorkspace()
  const behind = join(work, 'links')
  mkdirSync(behind)
  writeFiles(work, sources)
  if (linked !== undefined) symlinkSync(join(findClient(linked) ?? '', linked), join(behind, name))
  const PATH = `${behind}:${process.env.PATH}`
  const shims = await installShims(join(work, 'shims'), { args: ['--tools', name], env: { PATH } })
  return {
    setup: [`cwd=${work}`],
    tool: [name, '-o', 'hello', source],
    env: { CCACHE_DIR: join(work, 'ccache'), CCACHE_RECACHE: '1' },
    behind,
    shims,
    program: join(work, 'hello'),
  }
}

for (const compiler of compilers)
  for (const place of doors) {
    const { name, needs, linked } = compiler
    const title = `transparent :: ${place} :: ${name}${linked === undefined ? '' : ` linked to ${linked}`} finds itself`
    testWith(
      needs ?? [],
      title,
      async () => {
        const { program, ...call } = await prepare(compiler)
        assert.ok(existsSync(join(call.shims ?? '', name)))
        const bare = await compileHello(() => callBare(place, call), program)
        assert.is(await compileHello(() => callThroughShim(place, call), program), bare)
      },
      { may: () => isOnPath(name) },
    )
  }

/** Tools as people write them. */
const scripts: Readonly<Record<string, { text: string; shows: RegExp; mode?: number }>> = {
  'no interpreter line': { text: 'echo "args $#: $2"\nexit 5\n', shows: /^args 2: b c$/m },
  'empty file': { text: '', shows: /^status 0$/m },
  'sh script': { text: '#!/bin/sh\necho "$0"\nkill -TERM $$\n', shows: /^status f$/m },
}

for (const place of doors)
  for (const [name, { text, shows }] of Object.entries(scripts))
    test(`transparent :: ${place} :: script :: ${name}`, async () => {
      const behind = makeWorkspace()
      writeFiles(behind, { 'jobshim-script': text })
      chmodSync(join(behind, 'jobshim-script'), 0o755)
      const shims = await installShims(join(behind, 'shims'), {
        args: ['--tools', 'jobshim-script'],
        env: { PATH: `${behind}:${process.env.PATH}` },
      })
      const { stdout } = await assertSame(place, { tool: ['jobshim-script', 'a', 'b c'], behind, shims })
      assert.match(stdout, shows)
    })

for (const place of places)
  test(`transparent :: ${place} :: the tool behind is gone`, async () => {
    const { tools } = await calls()
    const gone = join(makeWorkspace(), 'shims')
    const name = 'jobshim-gone'
    symlinkSync('/bin/true', join(tools, name))
    const shims = await installShims(gone, {
      args: ['--tools', name],
      env: { PATH: `${tools}:${process.env.PATH}` },
    })
    rmSync(join(tools, name))
    const { stdout, stderr } = await callThroughShim(place, { tool: [name], shims })
    assert.is(stderr, `jobshim: ${name}: not found on PATH after ${shims}\n`)
    assert.match(stdout, /^status 7f00\ntokens 3$/m)
  })

test.run()
