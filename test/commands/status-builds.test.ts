import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { closeScreens, openScreen } from '../support/screen.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { repository, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { isWaiting, recordsIn } from '../yard/ledger.js'
import { assertWhole, ended, type MachineYard, makeMachineYard, waitsInMachine } from '../yard/machine.js'
import { runDirectories, runLine } from '../yard/runs.js'
import { makeGate } from '../yard/yard.js'

const words = ({ shims }: MachineYard): string[] => ['status', '--no-config', '--dir', shims]

const status = (yard: MachineYard, ...more: readonly string[]): Promise<Outcome> =>
  jobshim([...words(yard), ...more], { env: { ...yard.env, HOME: yard.root } })

/** What it prints, times and pids left out. */
async function pageOf(yard: MachineYard, ...more: readonly string[]): Promise<string[]> {
  const { status: code, stdout, stderr } = await status(yard, ...more)
  assert.equal({ code, stderr }, { code: 0, stderr: '' })
  return plain(stdout.split('\n').slice(0, -1))
}

/** The same, once it has this line. */
async function pageWith(yard: MachineYard, line: string): Promise<string[]> {
  const end = Date.now() + 60_000
  for (;;) {
    const page = await pageOf(yard)
    if (page.includes(line)) return page
    assert.ok(Date.now() < end, page.join('\n'))
  }
}

const plain = (lines: readonly string[]): string[] =>
  lines.map(line =>
    line
      .replace(/\d+\.\d s/, 'T')
      .replace(/^( {2}\S+ +)\d+/, '$1PID')
      .replace(/ +/g, ' '),
  )

const job = (yard: MachineYard, name: string, word: string): Held =>
  start({ env: { ...yard.env, JOBSHIM_JOB: name, JOBSHIM_PATIENCE: '600' }, command: ['hold', word] })

const odd = 'agent\x1b[2J\n世界'
const oddShown = 'agent\\x1b[2J\\x0a世界'

for (const key of ['make43', 'make44'] as const)
  testWith(
    key,
    `status :: builds :: ${key} with its adapter, and a named one :: each has its slots and tools`,
    async path => {
      const yard = await makeMachineYard(4, { path: [path], tools: ['make'] })
      const gate = makeGate(yard)
      writeFiles(yard.root, { 'src/Makefile': `all: x y z\nx y z:\n\t@hold $@ <${gate.path}\n` })
      const make = start({ env: yard.env, command: ['make', '-C', join(yard.root, 'src'), '-j8'], wanted: 3 })
      await make.tools
      const holder = job(yard, odd, 'held')
      await holder.tools
      const waiter = job(yard, odd, 'waits')
      await waitsInMachine(yard, waiter)
      const head = 'machine: 4 of 4 slots in use, 1 waiting'
      // One look may meet a run that has just begun in another place.
      const page = await pageWith(yard, 'make in ~/src: 3 slots')
      assert.is(page[0], head)
      const at = page.findIndex(line => line.startsWith('make in'))
      assert.is(page[at], 'make in ~/src: 3 slots')
      // The longest first: make began a moment before its tools, as far as the clock tells.
      const rows = page.slice(at + 1, at + 5)
      assert.is(rows.filter(line => line.startsWith(' make PID 3 slots T ')).length, 1, page.join('\n'))
      assert.equal(
        rows
          .filter(line => !line.startsWith(' make '))
          .map(line => line.replace(/^ hold PID runs T .*hold ([xyz])$/, '$1'))
          .sort(),
        ['x', 'y', 'z'],
      )
      assert.is(page.length, 9)
      const chosen = await pageOf(yard, '--job', odd)
      assert.equal(chosen.slice(0, 2), [head, `${oddShown}: 1 slot, 1 waiting, the longest T`])
      assert.match(chosen[2] ?? '', /^ hold PID runs T .*hold held$/)
      assert.equal(chosen.slice(3), [' hold PID waits T hold waits'])
      assert.equal(await pageOf(yard, '--job', oddShown), chosen)
      const { stderr, ...none } = await status(yard, '--job', 'none')
      assert.equal(none, { status: 1, signal: null, stdout: '' })
      const [said, advice = ''] = stderr.split('\n')
      assert.is(said, 'jobshim: no build is called none')
      assert.equal(advice.replace('  name one of these: ', '').split(', ').sort(), [
        `--job '${oddShown}'`,
        "--job 'make in ~/src'",
      ])
      const { builds, rows: records } = JSON.parse((await status(yard, '--json', '--job', odd)).stdout)
      assert.equal(
        builds.map(({ kind, name, slots, waiting }: Record<string, unknown>) => ({
          kind,
          name,
          slots,
          waiting,
        })),
        [{ kind: 'named', name: odd, slots: 1, waiting: 1 }],
      )
      assert.equal(
        records.map(({ build, pid }: Record<string, unknown>) => [build, pid]).sort(),
        [holder, waiter].map(({ pid }) => [0, pid]).sort(),
      )
      gate.open()
      assert.is((await make.ended).status, 2) // hold exits 7
      await ended(holder)
      await ended(waiter)
      await assertWhole(yard, 4)
    },
  )

for (const options of [[], ['--sandbox']])
  test(`status :: builds :: jobshim run ${options.join(' ')} :: has the name of its command, and its slots`, async () => {
    const yard = await makeMachineYard(4)
    const gate = makeGate(yard)
    writeFiles(yard.root, {
      'bin/build.sh': `#!/bin/sh\nfor i in 1 2 3; do hold $i <${gate.path} & done; wait\n`,
    })
    const line = runLine(
      yard,
      '-q',
      '-j2',
      '--no-config',
      ...options,
      '--',
      'sh',
      join(yard.root, 'bin/build.sh'),
    )
    const build = start({
      env: yard.env,
      command: ['sh', '-c', `cd ${yard.root} && exec "$@"`, 'sh', ...line],
      wanted: 2,
    })
    await build.tools
    await until('one waits', () =>
      runDirectories(yard).some(run => recordsIn(join(run, 'fifo.ledger')).some(isWaiting)),
    )
    const [head = '', named, ...tools] = await pageOf(yard)
    assert.match(head, /^run \d+: 2 of 2 slots in use, 1 waiting$/)
    assert.is(named, 'build.sh in ~: 2 slots, 1 waiting, the longest T')
    assert.equal(
      tools.map(row => row.replace(/^ hold PID (\S+) T .*$/, '$1')),
      ['runs', 'runs', 'waits'],
    )
    gate.open()
    assert.is((await build.ended).status, 0)
    await assertWhole(yard, 4)
  })

const waiters = 40

testWith(
  'tmux',
  `status :: --watch :: ${waiters} wait :: fits the terminal, the pool's line stays; it is resized`,
  async directory => {
    const yard = await makeMachineYard(2)
    const holders: Held[] = []
    for (const name of ['first', 'second 世界']) {
      const holder = job(yard, name, 'held')
      await holder.tools // the one that has its slot longer comes first
      holders.push(holder)
    }
    const queue: Held[] = []
    for (let at = 0; at < waiters; at++) queue.push(job(yard, 'first', `${'long'.repeat(30)}${at}`))
    await until('all wait', () => recordsIn(`${yard.fifo}.ledger`).filter(isWaiting).length >= waiters)
    writeFiles(yard.root, {
      watch: `#!/bin/sh\nexec ${process.execPath} ${join(repository, 'bin/jobshim.js')} ${words(yard).join(' ')} --watch\n`,
    })
    const env = { ...yard.env, HOME: yard.root }
    const screen = await openScreen(directory, { columns: 80, rows: 20, cwd: yard.root, env })
    screen.type('sh ./watch')
    for (const [columns, rows] of [
      [80, 20],
      [80, 24],
      [60, 12],
    ] as const) {
      screen.resize(columns, rows)
      // A line for the pool, one for each build, their holders, and what is left out; the cursor stands below.
      const shown = rows - 1 - 6
      const more = `... and ${waiters - shown} more waiting`
      const seen = await screen.until(`${columns}x${rows}`, lines => lines.some(line => line.includes(more)))
      const page = plain(seen.slice(0, rows - 1))
      assert.is(page[0], `machine: 2 of 2 slots in use, ${waiters} waiting`)
      // Both have had their slot for about as long: either may come first.
      const [first, second] = [`first: 1 slot, ${waiters} waiting, the longest T`, 'second 世界: 1 slot'].map(
        line => page.indexOf(line),
      )
      assert.ok(first !== undefined && second !== undefined && first > 0 && second > 0, page.join('\n'))
      for (const at of [first, second]) assert.match(page[at + 1] ?? '', /^ hold PID runs T /)
      for (const line of page.slice(first + 2, first + 2 + shown))
        assert.match(line, /^ hold PID waits T hold longlong/)
      assert.is(page[first + 2 + shown], ` ${more}`)
      assert.is(seen.length, rows)
      assert.is(seen.at(-1), '')
    }
    screen.press('q')
    await screen.until('the prompt', lines => lines.findLast(line => line !== '') === '$')
    screen.close()
    await Promise.all([...holders, ...queue].map(ended)) // those that were started at once have slots in any order
    await assertWhole(yard, 2)
  },
)

afterEach(closeScreens)
test.after(killStarted)

test.run()
