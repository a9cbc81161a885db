import stringWidth from 'string-width'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderStatus, type Snapshot } from '../../src/commands/status-page.js'
import type { Build } from '../../src/jobserver/builds.js'
import type { Row } from '../../src/jobserver/picture.js'

const counters = {
  runs: 3,
  callerRuns: 0,
  longestWaitSeconds: 0,
  waitedSeconds: 1,
  gatedSeconds: { limit: 0, load: 0, pressure: 0, tokens: 0, memory: 0 },
  peak: 2,
  overdrafts: 0,
  reclaimed: 0,
  restored: 0,
}

const make: Build = {
  kind: 'client',
  name: 'make in /home/me/src/brotli',
  pid: 10,
  slots: 2,
  waiting: 2,
  longestWaitSeconds: 60,
  clients: [
    {
      tool: 'make',
      pid: 11,
      seconds: 61,
      command: 'make -j',
      slots: 2,
      tools: [{ tool: 'cc', pid: 13, seconds: 0.5, command: 'cc -c b.c' }],
    },
  ],
}

const waiting: Build = {
  ...make,
  kind: 'named',
  name: 'agent',
  slots: 0,
  waiting: 1,
  longestWaitSeconds: 2,
  clients: [],
}

const row = (part: Partial<Row>): Row => ({
  tool: 'cc',
  pid: 12,
  build: 0,
  client: undefined,
  state: 'held',
  slot: 'token',
  alive: true,
  seconds: 1.26,
  command: 'cc -c a.c',
  ...part,
})

const rows: readonly Row[] = [
  row({
    build: 1,
    tool: 'tsc',
    pid: 14,
    state: 'waiting',
    slot: 'none',
    seconds: 2,
    command: 'tsc 世界世界世界世界',
  }),
  row({ tool: 'ld', pid: 7, state: 'waiting', slot: 'none', seconds: 3, command: 'ld -o a.o' }),
  row({ tool: 'go', pid: 4, state: 'gated', slot: 'none', seconds: 60, command: 'go build' }),
  row({}),
  row({ tool: 'make', pid: 10, client: 11, seconds: 61, command: 'make -j' }),
  row({ build: undefined, tool: 'as', pid: 9, alive: false, seconds: 3, command: '' }),
]

const snapshot: Snapshot = {
  jobserver: 'fifo:/f',
  name: 'machine',
  free: 0,
  total: 2,
  slots: 2,
  ledger: '/f.ledger',
  counters,
  accounts: false,
  blind: undefined,
  builds: [make, waiting],
  rows,
  coverage: undefined,
  past: [],
}

const whole = [
  'machine: 2 of 2 slots in use, 3 waiting, 1 of them kept by a rule',
  'make in ~/src/brotli: 2 slots, 2 waiting, the longest 60.0 s',
  '  make  11  2 slots         61.0 s  make -j',
  '  cc    12  runs            1.3 s   cc -c a.c',
  '  cc    13  runs            0.5 s   cc -c b.c',
  '  go    4   kept by a rule  60.0 s  go build',
  '  ld    7   waits           3.0 s   ld -o a.o',
  'agent: 0 slots, 1 waiting, the longest 2.0 s',
  '  tsc   14  waits           2.0 s   tsc 世界世界世界世界',
  'killed, their slots come back soon:',
  '  as    9   killed          3.0 s',
]

const lines = (text: string): string[] => text.split('\n').slice(0, -1)

test('status :: page :: a line for each build, those with slots first; its tools, those that run first', () => {
  assert.equal(lines(renderStatus(snapshot, { columns: 120, home: '/home/me' })), whole)
})

test('status :: page :: what asked for low priority says so', () => {
  const low = [row({ low: true }), row({ pid: 7, state: 'waiting', slot: 'none', seconds: 3, low: true })]
  const page = renderStatus({ ...snapshot, builds: [{ ...make, clients: [] }], rows: low }, { columns: 120 })
  assert.equal(lines(page).slice(2), [
    '  cc  12  runs at low priority   1.3 s  cc -c a.c',
    '  cc  7   waits at low priority  3.0 s  cc -c a.c',
  ])
})

test('status :: page :: narrow :: tools are cut, also in a wide character; a name is cut, its numbers stay', () => {
  assert.equal(lines(renderStatus(snapshot, { columns: 50, home: '/home/me' })), [
    whole[0],
    'make i...: 2 slots, 2 waiting, the longest 60.0 s',
    ...whole.slice(2, 8),
    '  tsc   14  waits           2.0 s   tsc 世界世界世',
    ...whole.slice(9),
  ])
})

test('status :: page :: a tool that make starts in its first tick of 10 ms :: stands below it', () => {
  const client = { tool: 'make', pid: 11, seconds: 0.52, command: 'make', slots: 1, tools: [] }
  const first = row({ pid: 12, state: 'tool', slot: 'implicit', seconds: 0.5299, command: 'cc a.c' })
  const young = { ...snapshot, builds: [{ ...make, clients: [client] }], rows: [first] }
  assert.equal(lines(renderStatus(young, { columns: 120, home: '/home/me' })).slice(2), [
    '  make  11  1 slot  0.5 s  make',
    '  cc    12  runs    0.5 s  cc a.c',
  ])
})

const tall = (count: number): Snapshot => ({
  ...snapshot,
  rows: [
    ...rows,
    ...Array.from({ length: count }, (_, at) =>
      row({ pid: 100 + at, state: 'waiting', slot: 'none', seconds: 4 + at, command: 'c'.repeat(at * 4) }),
    ),
  ],
})

const fits: readonly { rows: number; shows: readonly string[] }[] = [
  {
    rows: 10,
    shows: [
      'machine: 2 of 2 slots in use, 43 waiting, 1 of them kept by a rule',
      'make in ~/src/brotli: 2 slots, 2 waiting, the longest 60.0 s',
      '  make  11  2 slots  61.0 s  make -j',
      '  cc    12  runs     1.3 s   cc -c a.c',
      '  cc    13  runs     0.5 s   cc -c b.c',
      '  ... and 42 more waiting',
      'agent: 0 slots, 1 waiting, the longest 2.0 s',
      '  ... and 1 more waiting',
      'killed, their slots come back soon:',
      '  as    9   killed   3.0 s',
    ],
  },
  {
    rows: 5,
    shows: [
      'machine: 2 of 2 slots in use, 43 waiting, 1 of them kept by a rule',
      'make in ~/src/brotli: 2 slots, 2 waiting, the longest 60.0 s',
      'agent: 0 slots, 1 waiting, the longest 2.0 s',
      'killed, their slots come back soon:',
    ],
  },
  {
    rows: 3,
    shows: [
      'machine: 2 of 2 slots in use, 43 waiting, 1 of them kept by a rule',
      'make in ~/src/brotli: 2 slots, 2 waiting, the longest 60.0 s',
      '... and 2 more builds',
    ],
  },
]

for (const { rows: room, shows } of fits)
  test(`status :: page :: ${room} rows :: ${shows.length} lines`, () => {
    const text = renderStatus(tall(40), { columns: 80, rows: room, home: '/home/me' })
    assert.equal(lines(text), shows)
  })

test('status :: page :: as many rows as there are, none to sixty, and any width :: no line is longer, none is too many', () => {
  for (let room = 0; room < 60; room++)
    for (const columns of [1, 20, 80]) {
      const shown = lines(renderStatus(tall(40), { columns, rows: room, home: '/home/me' }))
      assert.ok(shown.length <= room, `${room} rows: ${shown.length} lines`)
      for (const line of shown) assert.ok(stringWidth(line) < Math.max(2, columns), `${columns}: ${line}`)
      if (room > 0) assert.ok('machine: '.startsWith(shown[0]?.slice(0, 9) ?? 'none'), shown[0])
    }
})

test('status :: page :: names and commands that hold controls :: are shown as text', () => {
  const odd = { ...waiting, name: 'a\x1b[2J\n\u202e' }
  const page = renderStatus(
    { ...snapshot, name: '/\x07', builds: [odd], rows: [row({ tool: 'c\x1bc', command: 'c\x1bc \n' })] },
    { columns: 120 },
  )
  assert.equal(lines(page), [
    '/\\x07: 2 of 2 slots in use, 0 waiting',
    'a\\x1b[2J\\x0a\\u202e: 0 slots, 1 waiting, the longest 2.0 s',
    '  c\\x1bc  12  runs  1.3 s  c\\x1bc \\x0a',
  ])
})

test.run()
