/** The launcher's source is read in pieces: no function is longer than a screen, no file than five. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const longestFunction = 60
const longestFile = 300

const linesIn = (text: string): string[] => text.replace(/\n$/, '').split('\n')

/** Returns each function of a C file, and how many lines it has from its first word to its last brace. */
function functionsIn(text: string): { name: string; length: number }[] {
  const lines = linesIn(text)
  const functions: { name: string; length: number }[] = []
  for (const [open, line] of lines.entries()) {
    if (line !== '{') continue
    let first = open
    while (first > 0 && /^[\w\s]/.test(lines[first - 1] ?? '')) first--
    const signature = lines.slice(first, open).join(' ')
    const close = lines.indexOf('}', open)
    functions.push({
      name: /(\w+)\(/.exec(signature.replace(/__attribute__\(\(.*?\)\)/, ''))?.[1] ?? signature,
      length: close - first + 1,
    })
  }
  return functions
}

/** Returns what is too long among a directory's C files, as `FILE` and `FILE: FUNCTION`. */
function tooLong(directory: string): string[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    file => /\.[ch]$/.test(file) && file !== 'contract.h', // it is generated
  )
  return files
    .flatMap(file => {
      const text = readFileSync(join(directory, file), 'utf8')
      return [
        ...(linesIn(text).length > longestFile ? [file] : []),
        ...functionsIn(text)
          .filter(({ length }) => length > longestFunction)
          .map(({ name }) => `${file}: ${name}`),
      ]
    })
    .sort()
}

test(`lengths :: no function has more than ${longestFunction} lines, no file more than ${longestFile}`, () => {
  assert.equal(tooLong(join(repository, 'shims')), [])
})

test('lengths :: planted ones are noticed', () => {
  const directory = makeWorkspace()
  const body = (lines: number): string => `{\n${'\twait();\n'.repeat(lines)}}\n`
  writeFiles(directory, {
    'whole.c': `/* One line more would be too many. */\nint whole(void)\n${body(57)}`,
    'long.c': `int fits(void)\n${body(1)}\nstatic _Noreturn void is_long(int one)\n${body(58)}`,
    'wide.c': `static __attribute__((noinline)) int wide(int one,\n                                         int other)\n${body(57)}`,
    'inline.h': `static inline int in_header(void)\n${body(58)}`,
    'full.c': `${'int one;\n'.repeat(299)}int last;\n`,
    'file.c': 'int one;\n'.repeat(301),
    'contract.h': 'int one;\n'.repeat(1000),
  })
  assert.equal(tooLong(directory), ['file.c', 'inline.h: in_header', 'long.c: is_long', 'wide.c: wide'])
})

test.run()
