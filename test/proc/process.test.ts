/** What the launcher reads in /proc/PID/stat: the kernel's text, and what it makes of it. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildWithLauncher } from '../support/built.js'
import { random, seed } from '../support/random.js'
import { makeWorkspace } from '../support/workspace.js'

const reader = join(makeWorkspace(), 'process')

/** Returns what the launcher makes of each text, as its lines. */
function read(texts: readonly string[]): string[] {
  buildWithLauncher(reader, 'support/process.c', ['-Wl,--wrap=read_small_file'])
  const { status, stdout, stderr } = spawnSync(reader, {
    input: texts.map(text => `${text}\0`).join(''),
    encoding: 'utf8',
  })
  assert.equal([status, stderr], [0, ''])
  return stdout.split('\n').slice(0, -1)
}

type Stat = { name: string; state: string; numbers: readonly (number | bigint)[] } // from field 4 on

/** A sleeping program with the flags, times and sizes of a real one. */
const sleeping: Stat = {
  name: 'sleep',
  state: 'S',
  numbers: [
    ...[1200, 1234, 1100, 34816, 1234, 4194304, 110, 20, 0, 0, 3, 4, 50, 60, 20, 0, 1, 0, 87654321],
    ...[5500928, 450, 18446744073709551615n, 94400000001024n, 94400000020000n],
  ],
}

const textOf = ({ name, state, numbers }: Stat): string =>
  `4711 (${name}) ${state} ${numbers.join(' ')} 0 0\n`

/** What is to be made of it, by the numbers of proc_pid_stat(5). */
function expected({ name, state, numbers }: Stat): string {
  const field = (number: number): bigint => BigInt(numbers[number - 4] ?? 0)
  const threads = field(20)
  const words = [
    Buffer.from(name).subarray(0, 15).toString('hex'),
    `pid 4711 parent ${field(4)} session ${field(6)} start ${field(22)}`,
    `cpu ${field(14) + field(15)} reaped ${field(16) + field(17)} pages ${field(24)} threads ${threads}`,
    ...(state === 'R' ? ['ready'] : []),
    ...('ZX'.includes(state) && threads <= 1n ? ['zombie'] : []),
    ...((field(9) & 0x200000n) !== 0n ? ['kernel'] : []),
    ...(field(26) === 0n ? ['becomes'] : []),
  ]
  return words.join(' ')
}

const withNumber = (field: number, value: number | bigint): Stat => ({
  ...sleeping,
  numbers: sleeping.numbers.map((number, index) => (index === field - 4 ? value : number)),
})

/** What stands in parentheses: 15 bytes, of which the kernel writes a newline and a backslash as two; 64 of its own threads'. */
const names = {
  'a plain one': 'sh',
  'none at all': '',
  'with blanks': 'sp ace  x',
  'that ends in a parenthesis': 'a)',
  'of parentheses alone': ')))(((',
  'that looks like more fields': 'x) Z 1 2 3 (y',
  'with an escaped newline': 'new\\nline',
  'of escaped newlines alone': '\\n'.repeat(15),
  'with a newline as it is': 'new\nline',
  'with bytes beyond ASCII': 'é€',
  'of 15 bytes': 'a'.repeat(15),
  'of 16 bytes': 'a'.repeat(16),
  "of 63 bytes, as a kernel's thread may have": `kworker/${'u8:3-flush-'.repeat(5)}`.slice(0, 63),
  'of 63 parentheses': ')'.repeat(63),
  'of 126 bytes': 'b'.repeat(126),
}

for (const [what, name] of Object.entries(names))
  test(`process :: a name ${what}`, () => {
    const stat = { ...sleeping, name }
    assert.equal(read([textOf(stat)]), [expected(stat)])
  })

for (const [what, stat] of Object.entries({
  sleeps: sleeping,
  runs: { ...sleeping, state: 'R' },
  'has ended': { ...sleeping, state: 'Z' },
  'is about to be gone': { ...sleeping, state: 'X' },
  'has ended but for other threads': { ...withNumber(20, 7), state: 'Z' },
  "is a thread of the kernel's": withNumber(9, 0x200040),
  'is in the midst of an execve': withNumber(26, 0),
  'has a negative priority and terminal': { ...withNumber(18, -51), state: 'S' },
  'has negative numbers': withNumber(6, -1),
  'has used as much time as 64 bits hold': withNumber(14, 2n ** 64n - 5n),
}))
  test(`process :: one that ${what}`, () => {
    assert.equal(read([textOf(stat)]), [expected(stat)])
  })

test('process :: a text without all fields is refused', () => {
  const whole = textOf(sleeping)
  const until26 = whole.split(' ').slice(0, 26).join(' ')
  assert.equal(read([until26]), [expected(sleeping)])
  const behindName = until26.split(') ')[1] ?? ''
  const fields = behindName.split(' ')
  const short = fields.map((_, count) => `4711 (sleep) ${fields.slice(0, count).join(' ')}`)
  const broken = ['', '4711', '4711 sleep S 1', '4711 (sleep', '4711 (sleep)', '4711 )sleep( S 1', ...short]
  assert.equal(
    read(broken),
    broken.map(() => 'refused'),
  )
})

test('process :: 2000 random texts', () => {
  const next = random(seed)
  const below = (count: number): number => Math.floor(next() * count)
  const parts = [...'() \\abZRS19-\n', 'é', ') R ', '(x) S 1 2 3 ']
  const stats = Array.from({ length: 2000 }, () => ({
    name: Array.from({ length: below(8) }, () => parts[below(parts.length)]).join(''),
    state: 'RSDZTtXI'[below(8)] ?? 'R',
    numbers: sleeping.numbers.map(number =>
      below(3) === 0 ? number : below(2) === 0 ? below(3) : below(2 ** 31),
    ),
  }))
  assert.equal(read(stats.map(textOf)), stats.map(expected), `JOBSHIM_TEST_SEED=${seed}`)
})

test.run()
