import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endInjectors, errorNumber, type Failure, type Injector, type Ran } from '../support/injecting.js'
import {
  inTwoLanes,
  kindOf,
  type Place,
  places,
  startPlace,
  usualCalls,
  yardOfPlaces,
} from '../yard/places.js'
import {
  cannotStart,
  ofLedger,
  plausible,
  saidOfLedger,
  sure,
  type Verdict,
  verdicts,
  verdictsOfBecoming,
  verdictsOfRelayed,
  verdictsOfRules,
  withoutRules,
} from '../yard/plausible.js'

/**
 * Each system call of a launcher fails once, with each error that it may meet. Of calls about the same thing the first
 * three do: one more entry of a directory, one more record of the ledger.
 */
type Row = Failure & { kind: string; code: string }

const sameCalls = 3

type Prepared = { place: Place; injector: Injector; rows: Row[]; unknown: string[] }

async function prepare(place: Place): Promise<Prepared> {
  const injector = await startPlace(place, { env: { JOBSHIM_DEBUG: '1' } })
  const seen = new Map<string, number>()
  const unknown: string[] = []
  const rows = (await usualCalls(injector)).flatMap(call => {
    const { kind } = kindOf(call)
    const which = (seen.get(`${kind} ${call.label}`) ?? 0) + 1
    seen.set(`${kind} ${call.label}`, which)
    if (sure.has(kind) || which > sameCalls) return []
    const errors = plausible[kind]
    if (errors === undefined) unknown.push(kind)
    return Object.keys(errors ?? {}).map(code => ({
      ...call,
      kind,
      code,
      error: errorNumber(code),
      which,
      step: 0,
    }))
  })
  return { place, injector, rows, unknown }
}

const describe = ({ kind, label, which }: Row): string => `${kind} ${label} #${which}`

function verdictOn(place: Place, row: Row): Verdict | undefined {
  if (row.kind === 'execve' && place.options.includes('client') && !place.journal) return cannotStart
  const rows = [
    ...(place.rules !== undefined && place.options.includes('client') ? verdictsOfBecoming : []),
    ...(place.rules === undefined ? [] : verdictsOfRules),
    ...(place.options.includes('later') ? verdictsOfRelayed : []),
    ...verdicts,
  ]
  const verdict = rows.find(
    ({ call, errors }) => call.test(describe(row)) && (errors?.includes(row.code) ?? row.code !== 'EINTR'),
  )
  return verdict && place.rules !== undefined ? withoutRules(verdict) : verdict
}

const sorted = (tokens: string): string => [...tokens].sort().join('')

async function judge({ place, injector }: Prepared, row: Row, ran: Ran): Promise<void> {
  const { root, shims } = await yardOfPlaces()
  const { says = '', orSays = says, status = 7 } = verdictOn(place, row) ?? {}
  const reason = /(can't be (?:created|started|started as a child)|journal)(: )[A-Z][A-Za-z /]+\n/
  const seen = {
    ...ran,
    stdout: ran.stdout.replace(/\d+/, 'PID'),
    stderr: ran.stderr
      .replace(place.says ?? '', '')
      .replace(reason, '$1$2REASON\n')
      .replace(/\S+\/journal:/, 'JOURNAL:'),
    tokens: sorted(ran.tokens),
  }
  const isOfEither =
    !place.own && !place.run && ofLedger.test(describe(row)) && saidOfLedger.test(seen.stderr)
  const expected: Ran = {
    end: `exit ${status}`,
    stdout: status === 7 ? 'held PID\n' : '',
    stderr: (isOfEither ? seen.stderr : seen.stderr === orSays ? orSays : says)
      .replace('SHIMS', shims)
      .replace('BIN', join(root, 'bin')),
    tokens: sorted(injector.plain.tokens),
    failed: 1,
    left: false,
  }
  assert.equal(seen, expected, `${describe(row)} fails with ${row.code}: ${JSON.stringify(seen)}`)
}

async function runAll(prepared: Prepared): Promise<Map<Row, Ran>> {
  const { injector, rows } = prepared
  const ran = await injector.run(rows)
  await injector.end()
  return new Map(rows.flatMap((row, index) => (ran[index] ? [[row, ran[index]]] : [])))
}

async function prepareAll(): Promise<Prepared[]> {
  const all: Prepared[] = []
  for (const place of places) all.push(await prepare(place))
  return all
}

/** Without user notification (Linux < 5.5, a sandbox) there is nothing to let calls fail with. */
const all = await prepareAll().catch((error: unknown) => {
  endInjectors()
  if (!/inject: seccomp/.test(String(error))) throw error
  return undefined
})

if (all === undefined)
  for (const { name } of places) test.skip(`faults :: ${name} :: each call fails once, by seccomp`)

const results = inTwoLanes((all ?? []).map(prepared => () => runAll(prepared)))

for (const [index, prepared] of (all ?? []).entries()) {
  const { place, injector, rows, unknown } = prepared
  test(`faults :: ${place.name} :: without a failure`, () => {
    assert.equal(unknown, [], 'calls that no table has')
    assert.equal(
      {
        ...injector.plain,
        stdout: injector.plain.stdout.replace(/\d+/, 'PID'),
        stderr: injector.plain.stderr.replace(place.says ?? '', ''),
      },
      {
        end: 'exit 7',
        stdout: 'held PID\n',
        stderr: '',
        tokens: injector.plain.tokens,
        failed: 0,
        left: false,
      },
    )
    const { run, options, tokens } = place
    const expected = run ? '+' : options.includes('later') ? 'L' : tokens
    assert.is(sorted(injector.plain.tokens), expected)
  })
  for (const title of new Set(rows.map(({ kind, code }) => `${kind} fails with ${code}`)))
    test(`faults :: ${place.name} :: ${title}, each time once`, async () => {
      const ran = await results[index]
      for (const row of rows.filter(({ kind, code }) => `${kind} fails with ${code}` === title)) {
        const outcome = ran?.get(row)
        assert.ok(outcome, describe(row))
        if (outcome) await judge(prepared, row, outcome)
      }
    })
}

test.after(endInjectors)

test.run()
