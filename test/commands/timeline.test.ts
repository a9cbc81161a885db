import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { timeline as command } from '../../src/commands/timeline.js'
import { jobshim, run } from '../support/jobshim.js'
import { began, end, journalOf, past, start, tool } from '../support/journals.js'
import { testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import { refusalOf } from './refusal.js'

const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })
const bad = (status: number, what: string, hint: string) => ({
  status,
  signal: null,
  stdout: '',
  stderr: `jobshim: ${what}\n  ${hint}\n`,
})

const oneBuild = [
  start(),
  tool({ pid: 1, at: began + 1, waitedSeconds: 0.5 }),
  tool({ pid: 2, at: began + 2, file: 'b.c' }),
  end(),
]
const later = [start({ at: began + 100 }), tool({ pid: 3, at: began + 101 }), end({ at: began + 110 })]

function make(files: Readonly<Record<string, string>> = { 'build.jsonl': journalOf(oneBuild) }) {
  const directory = makeWorkspace()
  writeFiles(directory, files)
  const timeline = (...args: string[]) => jobshim(['timeline', ...args], { cwd: directory })
  const refused = (...args: string[]) => refusalOf(command, args, directory)
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8')
  return { directory, timeline, refused, read }
}

test('timeline :: html :: the default is a page by the name of the journal, here', async () => {
  const { directory, timeline, read } = make({ 'logs/build.jsonl': journalOf(oneBuild) })
  assert.equal(await timeline('logs/build.jsonl'), good('build.html: 2 tool runs\n'))
  assert.equal(readdirSync(directory), ['build.html', 'logs'])
  assert.match(read('build.html'), /^<!doctype html>[\s\S]*<title>\.\/build\.sh – jobshim timeline<\/title>/)
  assert.equal(
    await timeline('logs/build.jsonl'),
    good('build.html: 2 tool runs\n'),
    'one of ours is replaced',
  )
})

test('timeline :: svg :: a picture that stands for itself', async () => {
  const { timeline, read } = make()
  assert.equal(await timeline('build.jsonl', '-o', 'build.svg'), good('build.svg: 2 tool runs\n'))
  const picture = read('build.svg')
  assert.match(picture, /^<svg width="1200" [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  for (const words of ['./build.sh', 'Tool runs: 2', 'Slots in use, of 2', 'compile', 'gcc a.c'])
    assert.ok(picture.includes(`>${words}`), words)
  assert.not.match(picture, /<script|href=|url\((?!#)/)
})

test('timeline :: json :: a trace', async () => {
  const { timeline, read } = make()
  assert.equal(await timeline('-o', 'trace.json', 'build.jsonl'), good('trace.json: 2 tool runs\n'))
  assert.is(JSON.parse(read('trace.json')).displayTimeUnit, 'ms')
})

test('timeline :: --format goes before the suffix', async () => {
  const { timeline, read } = make()
  assert.equal(await timeline('build.jsonl', '--format', 'svg', '-o', 'x.txt'), good('x.txt: 2 tool runs\n'))
  assert.match(read('x.txt'), /^<svg/)
})

test('timeline :: -o - :: the picture is on stdout, the rest on stderr', async () => {
  const { directory, timeline } = make()
  const { status, stdout, stderr } = await timeline('build.jsonl', '-o', '-', '--format', 'svg')
  assert.equal([status, stderr], [0, 'build.jsonl: 2 tool runs\n'])
  assert.match(stdout, /^<svg[\s\S]*<\/svg>$/)
  assert.match((await timeline('build.jsonl', '-o', '-')).stdout, /^<!doctype html>[\s\S]*<\/html>\n$/)
  assert.equal(readdirSync(directory), ['build.jsonl'])
})

test('timeline :: --json', async () => {
  const { timeline, read } = make({
    'build.jsonl': `${journalOf(oneBuild)}noise\n${journalOf(later)}{"jobshim":`,
  })
  const { stdout, ...rest } = await timeline('build.jsonl', '--json', '--run', '1')
  assert.equal({ ...rest, stdout: '' }, good(''))
  assert.equal(JSON.parse(stdout), {
    jobshim: 1,
    file: 'build.html',
    format: 'html',
    bytes: Buffer.byteLength(read('build.html')),
    build: 1,
    builds: 2,
    runs: 2,
    tookSeconds: 10,
    command: './build.sh',
    directory: '/build',
    limit: 2,
    cores: 2,
    failed: 0,
    probesDenied: 0,
    slotsUsed: 0.2,
    peak: 1,
    narrowSeconds: 10,
    longestWait: { tool: 'gcc', file: 'a.c', seconds: 0.5 },
    cpuSeconds: 1.8,
    coresBusy: 0.18,
    memoryBytes: 64 * 1024 ** 2,
    files: ['a.c', 'b.c'].map(file => ({
      file,
      tools: 'gcc',
      runs: 1,
      ranSeconds: 1,
      longestSeconds: 1,
      waitedSeconds: file === 'a.c' ? 0.5 : 0,
      cpuSeconds: 0.9,
      memoryBytes: 64 * 1024 ** 2,
    })),
    narrow: [{ at: 0, seconds: 10, tool: 'gcc', file: 'a.c', during: [] }],
    phases: [],
    likelyPath: {
      tools: 2,
      toolSeconds: 2,
      waitedSeconds: 0.5,
      fullSeconds: 0,
      otherSeconds: 7.5,
      longest: [
        { kind: 'other', at: 0, seconds: 0.5 },
        { kind: 'waited', at: 0.5, seconds: 0.5, tool: 'gcc', file: 'a.c' },
        { kind: 'tool', at: 1, seconds: 1, tool: 'gcc', file: 'a.c' },
        { kind: 'tool', at: 2, seconds: 1, tool: 'gcc', file: 'b.c' },
        { kind: 'other', at: 3, seconds: 7 },
      ],
    },
    skipped: { cut: 1, foreign: 1, otherVersion: 0 },
  })
})

test('timeline :: --compare :: what got slower, in text and in JSON', async () => {
  const { directory, timeline } = make({
    'old.jsonl': journalOf(oneBuild),
    'new.jsonl': journalOf([
      ...oneBuild.slice(0, 2),
      tool({ pid: 2, at: began + 2, file: 'b.c', ranSeconds: 3 }),
      end(),
    ]),
  })
  assert.equal(
    await timeline('--compare', 'old.jsonl', 'new.jsonl'),
    good(`took 10.0 s, before 10.0 s: the same
slots used, on average: 0.4, before 0.2

kind     before  now                    runs
compile  2.00 s  4.00 s  2.00 s longer  2

slower files  before  now                    runs
b.c           1.00 s  3.00 s  2.00 s longer  1
`),
  )
  const { stdout, ...rest } = await timeline('--compare', 'old.jsonl', 'new.jsonl', '--json')
  assert.equal({ ...rest, stdout: '' }, good(''))
  const told = JSON.parse(stdout) as { before: object; moreSeconds: number; files: object[] }
  assert.equal(told.before, {
    journal: 'old.jsonl',
    build: 1,
    builds: 1,
    command: './build.sh',
    tookSeconds: 10,
    runs: 2,
    limit: 2,
    cores: 2,
    slotsUsed: 0.2,
    cpuSeconds: 1.8,
  })
  assert.equal(told.files[0], {
    file: 'b.c',
    beforeSeconds: 1,
    nowSeconds: 3,
    moreSeconds: 2,
    beforeRuns: 1,
    nowRuns: 1,
  })
  assert.equal(readdirSync(directory).sort(), ['new.jsonl', 'old.jsonl'])
})

test('timeline :: --compare :: another limit, files of one alone, and a name that would colour the terminal', async () => {
  const { timeline } = make({
    'old.jsonl': journalOf([start(), tool({ file: 'gone.c' }), tool({ file: 'a.c' }), end()]),
    'new.jsonl': journalOf([
      start({ jobs: 4, cores: 8 }),
      tool({ file: 'a.c', ranSeconds: 0.5 }),
      tool({ file: 'a.c', ranSeconds: 0.1 }),
      tool({ file: 'new\n\u001b[31m.c' }),
      tool({ file: 'p', kind: 'link' }),
      end({ at: began + 12 }),
    ]),
  })
  assert.equal(
    await timeline('--compare', 'old.jsonl', 'new.jsonl'),
    good(`took 12.0 s, before 10.0 s: 2.00 s longer
slots used, on average: 0.2, before 0.2
limit 4, before 2; cores 8, before 2: a tool that shares the machine with more others takes longer

kind     before  now                     runs
link     0 s     1.00 s  1.00 s longer   1, before 0
compile  2.00 s  1.60 s  400 ms shorter  3, before 2

no file took 10 ms longer, or more

only now           ran     runs
new\\x0a\\x1b[31m.c  1.00 s  1
p                  1.00 s  1

only before  ran     runs
gone.c       1.00 s  1
`),
  )
})

test('timeline :: --compare :: any two builds of a journal', async () => {
  const { timeline, refused } = make({
    'one.jsonl': journalOf(oneBuild),
    'two.jsonl': journalOf([...oneBuild, ...later]),
  })
  const compared = async (...words: string[]) => {
    const { stdout, ...rest } = await timeline('--compare', ...words)
    assert.equal({ ...rest, stdout: '' }, good(''))
    return stdout.split('\n')[0]
  }
  const both = ['two.jsonl', 'two.jsonl']
  assert.is(await compared(...both, '--run', '1'), 'build 2 of 2, before build 1 of 2')
  assert.is(await compared(...both, '--run', '2', '--run-now', '1'), 'build 1 of 2, before build 2 of 2')
  assert.is(await compared('one.jsonl', 'two.jsonl', '--run-now', '1'), 'build 1 of 2, before build 1 of 1')
  const { stdout } = await timeline('--compare', ...both, '--run', '1', '--json')
  const { before, now } = JSON.parse(stdout) as Record<
    string,
    { build: number; builds: number; runs: number }
  >
  assert.equal([before?.build, before?.builds, before?.runs], [1, 2, 2])
  assert.equal([now?.build, now?.builds, now?.runs], [2, 2, 1])
  assert.equal(
    await refused('--compare', ...both, '--run', '3'),
    bad(1, 'two.jsonl: has 2 builds, not 3', '--run takes 1 to 2'),
  )
  assert.equal(
    await refused('--compare', 'two.jsonl', 'one.jsonl', '--run-now', '2'),
    bad(1, 'one.jsonl: has 1 build, not 2', 'leave --run-now out'),
  )
})

test('timeline :: --summary-md :: a Markdown text on stdout, and nothing is drawn', async () => {
  const { directory, timeline } = make()
  const { stdout, ...rest } = await timeline('build.jsonl', '--summary-md')
  assert.equal({ ...rest, stdout: '' }, good(''))
  assert.match(stdout, /^### jobshim: \\\.\/build\\\.sh\n\nTook \*\*10\\\.0 s\*\*, Tool runs \*\*2\*\*, /)
  assert.match(stdout, /\n\| b\\\.c \| gcc \| 1\\\.00 s \| 900 ms \| 1 \|\n/)
  assert.equal(readdirSync(directory), ['build.jsonl'])
})

test('timeline :: builds :: the last one, any, all', async () => {
  const { timeline } = make({ 'build.jsonl': journalOf([...oneBuild, ...later]) })
  assert.equal(await timeline('build.jsonl'), good('build.html: 1 tool run, build 2 of 2\n'))
  assert.equal(await timeline('build.jsonl', '--run', '1'), good('build.html: 2 tool runs, build 1 of 2\n'))
  assert.equal(await timeline('build.jsonl', '--all'), good('build.html: 3 tool runs, all 2 builds\n'))
})

test('timeline :: what was skipped is told', async () => {
  const noise = `${journalOf([tool()]).slice(0, 50)}\nnoise\nnoise\n{"jobshim":2}\n`
  const { timeline } = make({ 'build.jsonl': noise + journalOf(oneBuild) })
  const told = '4 lines skipped (1 cut off, 2 of other programs, 1 of another jobshim)'
  assert.equal(await timeline('build.jsonl'), good(`build.html: 2 tool runs, ${told}\n`))
})

test('timeline :: a build of which everything went past the shims is drawn', async () => {
  const { timeline, read } = make({ 'b.jsonl': journalOf([start(), past(), end({ coverage: 0 })]) })
  assert.equal(await timeline('b.jsonl'), good('b.html: 0 tool runs\n'))
  assert.ok(read('b.html').includes('CMakeCache.txt'))
  assert.equal(await timeline('b.jsonl', '-o', 'b.svg'), good('b.svg: 0 tool runs\n'))
})

test('timeline :: a journal may come through a pipe', async () => {
  const { directory } = make()
  const script = `cat build.jsonl | ${process.execPath} ${join(repository, 'bin/jobshim.js')} timeline /dev/stdin -o x.html`
  assert.equal(await run('/bin/sh', ['-c', script], { cwd: directory }), good('x.html: 2 tool runs\n'))
})

const noJournal = 'jobshim run --journal FILE -- CMD writes one'

for (const [what, content, says, hint] of [
  ['empty', '', 'is empty', noJournal],
  ['text of another program', 'hello\n', 'is not a journal of jobshim', noJournal],
  ['binary', '\0\x01\xff\x7fELF', 'is not a journal of jobshim', noJournal],
  [
    'of another jobshim',
    '{"jobshim":2,"event":"start"}\n',
    'was written by another version of jobshim',
    'draw it with the jobshim that wrote it',
  ],
  [
    'without a tool run',
    journalOf([start(), end()]),
    'no tool ran through a shim',
    'jobshim doctor tells why a build is not governed',
  ],
] as const)
  test(`timeline :: error :: a file that is ${what}`, async () => {
    const { directory, timeline } = make({ 'x.jsonl': content })
    assert.equal(await timeline('x.jsonl'), bad(1, `x.jsonl: ${says}`, hint))
    assert.equal(readdirSync(directory), ['x.jsonl'])
  })

test('timeline :: error :: no such file, a directory', async () => {
  const { refused } = make()
  assert.equal(await refused('none'), bad(1, "none: the journal can't be read (ENOENT)", noJournal))
  assert.equal(
    await refused('/', '-o', 'x.html'),
    bad(1, '/: is a directory, no journal', 'name a file that jobshim run --journal FILE wrote'),
  )
})

test('timeline :: error :: a wrong command line', async () => {
  const { timeline, refused } = make()
  const wrong = (what: string, hint: string) => bad(2, `timeline: ${what}`, hint)
  assert.equal(await timeline(), wrong('no journal named', `jobshim timeline FILE; ${noJournal}`))
  assert.equal(await refused('a', 'b'), wrong('one journal at a time, got a b', 'cat a b puts them together'))
  assert.equal(
    await refused('build.jsonl', '-o', 'x.png'),
    wrong('-o x.png: its suffix names no format', 'end it with .html, .svg or .json, or add --format'),
  )
  assert.equal(
    await refused('build.jsonl', '--format', 'toString'),
    wrong('--format: expected html, svg or json, got "toString"', 'see jobshim timeline --help'),
  )
  for (const [one, other, ...words] of [
    ['--run', '--all', '--run', '1', '--all'],
    ['--compare', '--summary-md', '--compare', '--summary-md', 'b'],
    ['--compare', '-o', '--compare', 'b', '-o', 'x.svg'],
    ['--compare', '--format', '--compare', 'b', '--format', 'svg'],
    ['--compare', '--all', '--compare', 'b', '--all'],
    ['--summary-md', '-o', '--summary-md', '-o', 'x.svg'],
    ['--summary-md', '--json', '--summary-md', '--json'],
  ] as const)
    assert.equal(
      await refused('build.jsonl', ...words),
      wrong(`${one} and ${other} exclude each other`, 'leave one out'),
    )
  assert.equal(
    await refused('build.jsonl', '--run-now', '1'),
    wrong('--run-now is for --compare alone', 'name the build in FILE with --run'),
  )
  for (const words of [['a'], ['a', 'b', 'c']])
    assert.equal(
      await refused('--compare', ...words),
      wrong('--compare takes two journals', 'jobshim timeline --compare BEFORE NOW'),
    )
  assert.equal(
    await refused('build.jsonl', '-o', '-', '--json'),
    wrong('--json: stdout gets the picture', 'name a file with -o'),
  )
  assert.equal(
    await refused('build.jsonl', '--run', '0'),
    wrong('--run: expected a whole number, 1 or more, got "0"', 'see jobshim timeline --help'),
  )
})

test('timeline :: error :: no such build', async () => {
  const { timeline, refused } = make({
    'one.jsonl': journalOf(oneBuild),
    'two.jsonl': journalOf([...oneBuild, ...later]),
  })
  assert.equal(
    await refused('one.jsonl', '--run', '2'),
    bad(1, 'one.jsonl: has 1 build, not 2', 'leave --run out'),
  )
  assert.equal(
    await timeline('two.jsonl', '--run', '3'),
    bad(1, 'two.jsonl: has 2 builds, not 3', '--run takes 1 to 2; --all draws all'),
  )
})

test('timeline :: output :: what is not ours is not replaced, unless it is named', async () => {
  const { timeline, read } = make({ 'build.jsonl': journalOf(oneBuild), 'build.html': '<p>mine</p>' })
  assert.equal(
    await timeline('build.jsonl'),
    bad(1, 'build.html: exists, and is not a timeline of jobshim', 'name it with -o to replace it'),
  )
  assert.is(read('build.html'), '<p>mine</p>')
  assert.equal(await timeline('build.jsonl', '-o', 'build.html'), good('build.html: 2 tool runs\n'))
})

test('timeline :: output :: a journal is never replaced', async () => {
  const { directory, refused, read } = make({
    'build.json': journalOf(oneBuild),
    'other.json': journalOf(later),
    'full.json': `noise\n${journalOf(oneBuild)}`,
  })
  symlinkSync('full.json', join(directory, 'link.json'))
  const hint = 'name another file with -o'
  for (const [from, to, says] of [
    ['full.json', 'full.json', 'is the journal itself'],
    ['full.json', 'link.json', 'is the journal itself'],
    ['link.json', 'full.json', 'is the journal itself'],
    ['build.json', 'other.json', 'is a journal'],
  ] as const)
    assert.equal(await refused(from, '-o', to), bad(1, `${to}: ${says}`, hint))
  assert.is(read('full.json'), `noise\n${journalOf(oneBuild)}`)
  assert.is(read('other.json'), journalOf(later))
})

test('timeline :: output :: a directory, and a place that is none', async () => {
  const { directory, refused } = make()
  mkdirSync(join(directory, 'out.html'))
  assert.equal(
    await refused('build.jsonl', '-o', 'out.html'),
    bad(1, 'out.html: is a directory', 'name a file in it with -o'),
  )
  assert.equal(
    await refused('build.jsonl', '-o', 'no/x.html'),
    bad(1, "no/x.html: can't be written (ENOENT)", 'make its directory first'),
  )
  assert.equal(
    await refused('build.jsonl', '-o', 'build.jsonl/x.html'),
    bad(1, "build.jsonl/x.html: can't be written (ENOTDIR)", 'name another file with -o'),
  )
})

test('timeline :: output :: a link stays one, a device is written to, modes are kept', async () => {
  const { directory, timeline, read } = make()
  const mode = (name: string): number => statSync(join(directory, name)).mode & 0o777
  writeFileSync(join(directory, 'real.html'), '')
  chmodSync(join(directory, 'real.html'), 0o640)
  symlinkSync('real.html', join(directory, 'link.html'))
  assert.equal(await timeline('build.jsonl', '-o', 'link.html'), good('link.html: 2 tool runs\n'))
  assert.is(readlinkSync(join(directory, 'link.html')), 'real.html')
  assert.match(read('real.html'), /^<!doctype html>/)
  assert.is(mode('real.html'), 0o640)

  chmodSync(join(directory, 'build.jsonl'), 0o600)
  assert.equal(await timeline('build.jsonl', '-o', 'private.svg'), good('private.svg: 2 tool runs\n'))
  assert.is(mode('private.svg'), 0o600)

  assert.equal(
    await timeline('build.jsonl', '-o', '/dev/null', '--format', 'svg'),
    good('/dev/null: 2 tool runs\n'),
  )
  assert.ok(statSync('/dev/null').isCharacterDevice())
})

test('timeline :: output :: where it fails nothing is left behind', async () => {
  const { directory, timeline } = make()
  const limited = `ulimit -f 8; exec ${process.execPath} ${join(repository, 'bin/jobshim.js')} timeline build.jsonl`
  const { status, stderr } = await run('/bin/sh', ['-c', limited], { cwd: directory })
  assert.equal(
    [status, stderr],
    [
      1,
      "jobshim: build.html: can't be written (EFBIG)\n  call it from a shell with a higher limit for the size of files: ulimit -f unlimited\n",
    ],
  )
  assert.equal(readdirSync(directory), ['build.jsonl'])
  assert.is((await timeline('build.jsonl')).status, 0)
})

testWith('make43', 'timeline :: a build below jobshim run --journal', async () => {
  const { directory, timeline } = make({
    Makefile: 'all: a.o b.o c.o\n%.o: %.c\n\tcc -c $<\n',
    'a.c': 'int a;\n',
    'b.c': 'int b;\n',
    'c.c': 'int c;\n',
  })
  const shims = ['--dir', join(directory, 'shims'), '--no-config']
  const built = await jobshim(['run', '-j2', ...shims, '--journal', 'b.jsonl', '--', 'make'], {
    cwd: directory,
  })
  assert.is(built.status, 0, built.stderr)
  const { stdout, stderr } = await timeline('b.jsonl', '--json')
  assert.is(stderr, '')
  const { runs, skipped } = JSON.parse(stdout) as { runs: number; skipped: object }
  assert.equal(skipped, { cut: 0, foreign: 0, otherVersion: 0 })
  assert.is(runs, 3, 'the compilers; make is CMD itself')
  assert.ok(existsSync(join(directory, 'b.html')))
})

test.run()
