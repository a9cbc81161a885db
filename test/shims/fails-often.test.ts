import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endInjectors, errorNumber, type Failure, type Injector, type Ran } from '../support/injecting.js'
import { run } from '../support/jobshim.js'
import { killStarted, start } from '../yard/held.js'
import { waits } from '../yard/ledger.js'
import {
  inTwoLanes,
  kindOf,
  type Place,
  places,
  startPlace,
  usualCalls,
  yardOfPlaces,
} from '../yard/places.js'
import { plausible } from '../yard/plausible.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** Calls of a launcher fail again and again, and signals come in storms. */
type Row = Failure & { kind: string; code: string; ofTool: boolean; relays: boolean }

/** When the token comes that a launcher waits for; it tries often enough until then to show whether it ever sleeps. */
const laterMs = 100

/** A launcher that looks again every 10 ms makes few of these until then; one that never sleeps makes hundreds. */
const mostFailures = 150
const waiting: readonly string[] = [
  'epoll_create1',
  'epoll_ctl',
  'fcntl F_GETLK',
  'fcntl F_SETLK',
  'pidfd_open',
  'socket',
  'setsockopt',
  'bind',
]

/** What can't be for ever, since the answer to another call says otherwise. */
const contradictions: Readonly<Record<string, string>> = {
  'fcntl F_SETLK EAGAIN': 'F_GETLK says that nobody has it',
  'pidfd_open ESRCH': 'F_GETLK says that the process lives: the dead hold no locks',
  'write EAGAIN': 'as long as somebody takes tokens the FIFO is not full',
  'write ENOMEM': 'see the test of its own',
}

const notStarted = "jobshim: BIN/hold: can't be started: REASON\n"
const withoutLook = "jobshim: hold: not governed: look can't be started: REASON\n"

/** The tool is not to be found or not to be started, whatever we do. */
const ends: readonly { rows: RegExp; status: number; says: string }[] = [
  {
    rows: /^(stat|newfstatat) EACCES of the tool/,
    status: 127,
    says: 'jobshim: hold: not found on PATH after SHIMS\n',
  },
  {
    rows: /^(access|faccessat) EACCES of the tool/,
    status: 126,
    says: 'jobshim: BIN/hold: not executable\n',
  },
  { rows: /^execve \w+ of the tool by look/, status: 126, says: `${withoutLook}${notStarted}` },
  { rows: /^execve /, status: 126, says: notStarted },
]

async function rowsOf(injector: Injector): Promise<Map<string, Row[]>> {
  const calls = await usualCalls(injector)
  const kinds = new Map(calls.map(call => [kindOf(call).kind, { ...call, ...kindOf(call) }]))
  const groups = new Map<string, Row[]>()
  const add = (title: string, row: Omit<Row, 'error'>): void => {
    groups.set(title, [...(groups.get(title) ?? []), { ...row, error: errorNumber(row.code) }])
  }
  const relays = calls.some(({ name, label }) => name === 'execve' && label.endsWith('/bin/look'))
  const opens = calls.filter(({ name }) => name === 'openat').length
  for (let which = 1; which <= opens; which++) {
    const every = { name: 'openat', kind: 'openat', label: '*', ofTool: false, relays }
    const row = { ...every, which, step: 1, code: 'EMFILE' }
    add('every openat fails with EMFILE from some one on', row)
  }
  for (const { kind, name, end } of kinds.values()) {
    const ofTool = calls.some(call => kindOf(call).kind === kind && call.label === '/bin/hold')
    const every = { kind, name, label: `*${end}`, ofTool, relays }
    for (const code of Object.keys(plausible[kind] ?? {})) {
      if (code === 'EINTR')
        for (const which of [1, 2])
          add('every second call fails with EINTR', { ...every, code, which, step: 2 })
      else if (contradictions[`${kind} ${code}`] === undefined)
        add(`${kind} always fails`, { ...every, code, which: 1, step: 1 })
    }
  }
  return groups
}

const sorted = (tokens: string): string => [...tokens].sort().join('')

function judge(yard: Yard, place: Place, row: Row, { failed, ...ran }: Ran, plain: Ran): void {
  const { kind, label, code, which, step } = row
  const what = `${kind} ${label} fails with ${code} from #${which}, each ${step}`
  const always = step === 1 && which === 1
  const named = `${kind} ${code}${row.ofTool ? ` of the tool${row.relays ? ' by look' : ''}` : ''}`
  const end = always ? ends.find(({ rows }) => rows.test(named)) : undefined
  const seen = {
    ...ran,
    stdout: ran.stdout.replace(/\d+/, 'PID'),
    stderr: ran.stderr.replace(place.says ?? '', '').replace(/(started: )[A-Z][A-Za-z ]+\n/g, '$1REASON\n'),
    tokens: sorted(ran.tokens),
  }
  const expected = {
    end: `exit ${end?.status ?? 7}`,
    stdout: end ? '' : 'held PID\n',
    stderr: (end?.says ?? '').replace('SHIMS', yard.shims).replace('BIN', join(yard.root, 'bin')),
    tokens: sorted(plain.tokens),
    left: false,
  }
  assert.equal(seen, expected, `${what}: ${JSON.stringify(seen)}`)
  if (always && waiting.includes(kind)) assert.ok(failed <= mostFailures, `${what}: ${failed} times`)
}

const startAll = async (): Promise<{ place: Place; injector: Injector; groups: Map<string, Row[]> }[]> => {
  const all = []
  for (const place of places) {
    const injector = await startPlace(place, { laterMs })
    all.push({ place, injector, groups: await rowsOf(injector) })
  }
  return all
}

const all = await startAll().catch((error: unknown) => {
  endInjectors()
  if (!/inject: seccomp/.test(String(error))) throw error
  return undefined
})

if (all === undefined)
  for (const { name } of places) test.skip(`faults :: ${name} :: calls fail often, by seccomp`)

const results = inTwoLanes(
  (all ?? []).map(({ injector, groups }) => async () => {
    const rows = [...groups.values()].flat()
    const ran = await injector.run(rows)
    await injector.end()
    return new Map(rows.flatMap((row, index) => (ran[index] ? [[row, ran[index]]] : [])))
  }),
)

for (const [index, { place, injector, groups }] of (all ?? []).entries())
  for (const [title, rows] of groups)
    test(`faults :: ${place.name} :: ${title}`, async () => {
      const ran = await results[index]
      for (const row of rows) {
        const outcome = ran?.get(row)
        assert.ok(outcome, `${row.kind} ${row.code}`)
        if (outcome) judge(await yardOfPlaces(), place, row, outcome, injector.plain)
      }
    })

const token = places.find(({ name }) => name === 'a token')

if (all !== undefined && token !== undefined)
  test('faults :: a token :: one that can not be written back is left to the next launcher', async () => {
    const { shims } = await yardOfPlaces()
    const injector = await startPlace(token)
    const error = errorNumber('ENOMEM')
    const [ran] = await injector.run([{ name: 'write', label: '*', which: 1, step: 1, error }])
    assert.is(ran?.end, 'exit 7')
    assert.is(ran?.stderr, '')
    assert.is(ran?.tokens, 'B')
    const reclaim = await run(join(shims, '.jobshim/look'), ['reclaim'], { env: injector.env })
    assert.equal(reclaim, { status: 0, signal: null, stdout: '', stderr: '' })
    const [next] = await injector.run([{ name: 'write', label: '-', which: 1, step: 0, error }])
    assert.is(sorted(next?.tokens ?? ''), 'AAB') // what was lost, and what the injector had put back for it
    await injector.end()
  })

const harmless = ['SIGCONT', 'SIGWINCH', 'SIGURG'] as const

async function storm(pid: number): Promise<void> {
  for (let burst = 0; burst < 50; burst++) {
    for (let signal = 0; signal < 20; signal++) process.kill(pid, harmless[signal % harmless.length])
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

test('faults :: a thousand signals while it waits, while it stands in the queue and while its tool runs', async () => {
  const yard = await makeYard('')
  const first = start({ env: yard.governed })
  await first.tools
  const head = start({ env: yard.governed })
  await waits(yard, head)
  const behind = start({ env: yard.governed })
  await waits(yard, behind)
  for (const { pid } of [first, head, behind]) await storm(pid)
  for (const { output } of [head, behind]) assert.equal(output, { stdout: '', stderr: '' })
  for (const one of [first, head, behind]) {
    const [tool] = await one.tools
    await storm(one.pid)
    assert.equal(await one.end(), { status: 7, signal: null, stdout: `held ${tool}\n`, stderr: '' })
  }
  assert.is(yard.pool.count(), '')
})

test.after.each(killStarted)
test.after(endInjectors)

test.run()
