import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { findAuth, type JobserverAuth, withJobserver } from '../../src/jobserver/auth.js'
import {
  isAddress,
  jobsWanted,
  readMakeFlags,
  said,
  withoutJobserver,
} from '../../src/jobserver/make-flags.js'
import { buildWithLauncher } from '../support/built.js'
import { type ClientKey, clients } from '../support/clients.js'
import { scrubbed } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { random, seed } from '../support/random.js'
import { type RandomFlags, randomFlags } from '../support/random-flags.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** `[text, jobs]`. */
const asked: readonly (readonly [text: string, jobs: number | undefined])[] = [
  ['', undefined],
  ['j', Number.POSITIVE_INFINITY],
  ['kj8', 8],
  ['kj 8', 8],
  [' -j 8', 8],
  ['-j\t8', 8],
  ['-j8 -j', Number.POSITIVE_INFINITY],
  ['-j8 -j3 -k', 3],
  ['-j -k 8', Number.POSITIVE_INFINITY],
  ['--jobs=8', 8],
  ['--jobs 8', 8],
  ['--job 8', undefined], // four of make's options begin so
  ['-j8x', undefined],
  ['-j0', undefined],
  ['-j4 -j0', 4],
  ['-j3000000000', undefined],
  ['-Ij8', undefined],
  ['-I -j8', undefined],
  ['-Oj8', undefined],
  ['-l -j8', 8],
  ['--eval -j8', undefined],
  ['--eval=A=x\\ -j8', undefined],
  ['A=1\\ -j8', undefined],
  ['A=1 -j8', 8],
  ['all j8', undefined],
  ['k -- -j8', undefined],
  ['\\-j\\8', 8],
  ['$(or k -j8)', undefined],
  ['-k$$ -j8', 8],
  ['Ij=8 -k', undefined], // a variable: no letters
]

for (const [text, jobs] of asked)
  test(`make flags :: ${JSON.stringify(text)} asks for ${jobs ?? 'no'} jobs`, () => {
    assert.is(jobsWanted(readMakeFlags(text)), jobs)
  })

/** `[text, without its jobserver]`. */
const left: readonly (readonly [text: string, left: string])[] = [
  ['-j 8', ''],
  ['kj 8', 'k'],
  ['-kj8 -s', '-k -s'],
  ['k\t-j8\t\t-Ia\\ b', 'k\t\t-Ia\\ b'],
  ['-I obj', '-I obj'],
  ['-Iobj', '-Iobj'],
  ['--eval=JAVA\\ =\\ java\\ -jar\\ j', '--eval=JAVA\\ =\\ java\\ -jar\\ j'],
  ['k --jobserver-auth fifo:/f -s', 'k -s'],
  ['--jobserver-auth=3,4 --jobserver-auth=-2,-2 -- A=1', ' -- A=1'],
  ['-Ia\\  -j8', '-Ia\\ '],
  ['j8 all', '- all'],
  ['-j8 --jobserver-auth=3,4 all', '- all'],
  ['j8 A=1', ' A=1'],
  ['-l -j8 4', '-l - 4'],
  ['-l -j8 --jobserver-auth=3,4 .5', '-l - .5'],
  ['-l -j8 k', '-l k'],
  ['-j0 -j8x', '-j0 -j8x'], // make says what is wrong
  ['--jobserver-style=pipe', '--jobserver-style=pipe'],
  ['k -- -j8', 'k -- -j8'],
]

for (const [text, rest] of left)
  test(`make flags :: ${JSON.stringify(text)} without its jobserver`, () => {
    assert.is(withoutJobserver(readMakeFlags(text)), rest)
  })

/** It prints its MAKEFLAGS. To make 4.4 a word that is no option is a goal. */
const makefile = `.PHONY: all
all:; +@$(info $(MAKEFLAGS)):
.DEFAULT:; +@$(info $(MAKEFLAGS)):
`
const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`

type Printed = { status: string; stdout: string; stderr: string }

/** What make prints for each MAKEFLAGS, started side by side in one shell. It starts nothing but makes: all else is builtin. */
function printBack(
  directory: string,
  make: string,
  all: readonly string[],
  fds: readonly number[],
): Printed[] {
  const ended = `8>&- </dev/null; printf '%s\\0' $? >&8; printf '\\0'; printf '\\0' >&2`
  const lines = all.map(text => `MAKEFLAGS=${quoted(text)} ${join(make, 'make')} -f makefile ${ended}`)
  writeFiles(directory, { makefile, lines: `exec 8>ended >out 2>err\n${lines.join('\n')}` })
  const { status } = spawnSync('bash', ['lines'], {
    cwd: directory,
    env: scrubbed(),
    stdio: ['ignore', 'ignore', 'ignore', ...fds],
    timeout: 120_000,
  })
  assert.is(status, 0)
  const [statuses = [], outs = [], errs = []] = ['ended', 'out', 'err'].map(name =>
    readFileSync(join(directory, name), 'utf8').split('\0'),
  )
  for (const fields of [statuses, outs, errs]) assert.is(fields.length, all.length + 1)
  return all.map((_, index) => ({
    status: statuses[index] ?? '',
    stdout: outs[index] ?? '',
    stderr: errs[index] ?? '',
  }))
}

/**
 * The same but for the jobserver, and what -O and -w make of more than one job: a lock, and other places for their lines. These stand in
 * an order of ours: --shuffle=random has another one each time.
 */
const withoutPool = ({ status, stdout, stderr }: Printed): Printed => ({
  status,
  stdout: stdout
    .replace(
      /(?<=(?:^|[^\\])(?:\\\\)*) (-j\d*|--jobserver-auth=\S+|--sync-mutex=\S+|--shuffle=\d+)(?=\s)/g,
      '',
    )
    .replace(/^make: (?:Entering|Leaving) .*\n|^:\n/gm, '')
    .split('\n')
    .sort()
    .join('\n'),
  stderr: stderr.replace(/^.*\bjobserver\b.*\n/gm, ''),
})

/** What make says of its -j or -l; undefined where it has none. */
const printedOf = (letter: 'j' | 'l', { stdout }: Printed): string | undefined =>
  new RegExp(`(?<=(?:^|[^\\\\])(?:\\\\\\\\)*) -${letter}(\\S*)`).exec(stdout)?.[1]

const jobsWord = (jobs: number | undefined): string | undefined =>
  jobs === Number.POSITIVE_INFINITY ? '' : jobs?.toString()

function someFlags(words: number, from = seed): RandomFlags[] {
  const next = random(from)
  const all: RandomFlags[] = []
  for (let sum = 0; sum < words; sum += all.at(-1)?.words ?? 0) all.push(randomFlags(next))
  return all
}

const isPlainOf = { make43: true, make44: false } as const satisfies Partial<Record<ClientKey, boolean>>

for (const key of ['make43', 'make44'] as const)
  for (const [words, isLong] of [
    [300, false],
    [10_000, true],
  ] as const) {
    if (!isLong && !isPlainOf[key]) continue
    const title = `make flags :: ${words} random words :: ${clients[key].name} prints back all but the jobserver`
    testWith(
      key,
      title,
      async make => {
        const directory = makeWorkspace()
        const pool = makeFifo(directory, 'ab')
        const auth: JobserverAuth = isPlainOf[key]
          ? { kind: 'pipe', readFd: 3, writeFd: 4, spelling: 'auth' }
          : { kind: 'fifo', path: pool.auth.replace('fifo:', '') }
        const all = someFlags(words)
        const texts = all.map(({ text }) => withJobserver(text, 3, auth))
        const fds = [pool.fd, pool.fd]
        const ours = printBack(directory, make, texts, fds)
        const plain = printBack(
          directory,
          make,
          all.map(flags => flags.plain),
          [],
        )
        const loads = askLauncher(all.map(flags => flags.plain)).map(([, , load]) => load)
        for (const [index, { text, plain: given }] of all.entries()) {
          const why = `JOBSHIM_TEST_SEED=${seed}: ${JSON.stringify(text)}\nbecame ${JSON.stringify(texts[index])}\nplain ${JSON.stringify(given)}`
          const [one, other] = [ours[index], plain[index]]
          if (!one || !other) throw new Error('nothing printed')
          assert.equal(withoutPool(one), withoutPool(other), why)
          if (one.status === '0') assert.match(one.stdout, / -j3 /, why)
          if (one.status !== '0' || given.includes('$')) continue // what it comes to only make knows
          assert.is(printedOf('j', other), jobsWord(jobsWanted(readMakeFlags(given))), why)
          assert.is(printedOf('l', other) ?? '-1', loads[index], why)
        }
        assert.is(pool.count(), 'ab')
        pool.close()
      },
      { isLong },
    )
  }

const asker = join(makeWorkspace(), 'makeflags')

/** What the launcher makes of each. */
function askLauncher(all: readonly string[]): string[][] {
  buildWithLauncher(asker, 'support/makeflags.c')
  const input = all.map(text => `${text}\0`).join('')
  const { status, stdout, stderr } = spawnSync(asker, { input, encoding: 'utf8', maxBuffer: 2 ** 28 })
  assert.equal([status, stderr], [0, ''])
  const fields = stdout.split('\0')
  assert.is(fields.length, 5 * all.length + 1)
  return all.map((_, index) => fields.slice(5 * index, 5 * index + 5))
}

const nameOf = (auth: JobserverAuth | undefined): string => {
  if (auth === undefined) return ''
  return auth.kind === 'fifo' ? `fifo:${auth.path}` : `${auth.spelling}:${auth.readFd},${auth.writeFd}`
}

/** What this half makes of it: the address, the jobs, and what is left without the jobserver. */
function askUs(text: string): string[] {
  const flags = readMakeFlags(text)
  const jobs = jobsWanted(flags) ?? -1
  const isNamed = flags.flags.some(({ means }) => means === 'auth' || means === 'fds')
  return [
    nameOf(findAuth(text)),
    String(Number.isFinite(jobs) ? jobs : -1),
    isNamed ? `MAKEFLAGS=${withoutJobserver(flags)}` : 'none',
  ]
}

const addressesIn = (text: string): string[] =>
  readMakeFlags(text)
    .flags.filter(isAddress)
    .map(({ argument }) => (argument === undefined ? '' : said(text, argument)))

// Bytes of any kind, among which MAKEFLAGS may be met.
function noise(next: () => number): string {
  const parts = [
    ...' \t\\-=$(){}jlkIEO48,:\n',
    '--',
    ' -j',
    '--jobserver-auth=',
    'fifo:/a',
    '--eval',
    ' -- ',
    '3,4',
  ]
  const length = Math.floor(next() * 20)
  return Array.from({ length }, () => parts[Math.floor(next() * parts.length)]).join('')
}

for (const [count, isLong] of [
  [1000, false],
  [30_000, true],
] as const)
  testWith(
    [],
    `make flags :: ${count} random texts :: the launcher reads and writes them as we do`,
    async () => {
      const next = random(seed)
      const all = Array.from({ length: count }, (_, index) =>
        index % 2 === 0 ? noise(next) : randomFlags(next).text,
      )
      for (const [index, [address, jobs, , without, other = '']] of askLauncher(all).entries()) {
        const why = `JOBSHIM_TEST_SEED=${seed}: ${JSON.stringify(all[index])}`
        assert.equal([address, jobs, without], askUs(all[index] ?? ''), why)
        if (address !== '') assert.equal(addressesIn(other.replace(/^MAKEFLAGS=/, '')), ['fifo:/a b'], why)
      }
    },
    { isLong },
  )

test.run()
