/** Each call of who starts a payer, and of a payer, fails, or is the last: no slot is lost, and nothing stands still. */
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { endInjectors, errorNumber, type Failure, type Injector } from '../support/injecting.js'
import { run } from '../support/jobshim.js'
import { kindOf, type Place, startPlace, unpaid, usualCalls, yardOfPlaces } from '../yard/places.js'
import { plausible, sure } from '../yard/plausible.js'

const sameCalls = 3

type Row = Failure & { what: string }

/** What may happen to each of the first three calls of a kind about the same thing; and those that no table has. */
async function rowsOf(injector: Injector): Promise<{ rows: Row[]; unknown: string[] }> {
  const seen = new Map<string, number>()
  const unknown: string[] = []
  const rows = (await usualCalls(injector)).flatMap(call => {
    const { kind } = kindOf(call)
    const which = (seen.get(`${kind} ${call.label}`) ?? 0) + 1
    seen.set(`${kind} ${call.label}`, which)
    if (which > sameCalls) return []
    if (!sure.has(kind) && plausible[kind] === undefined) unknown.push(kind)
    const row = { ...call, which, step: 0, what: `${kind} ${call.label} #${which}` }
    return [
      { ...row, error: -constants.signals.SIGKILL, what: `${row.what}: killed` },
      ...Object.keys(sure.has(kind) ? {} : (plausible[kind] ?? {})).map(code => ({
        ...row,
        error: errorNumber(code),
        what: `${row.what}: ${code}`,
      })),
    ]
  })
  return { rows, unknown }
}

/** How a run ended that is not as it should be; undefined: it is. What was put back meanwhile is there twice. */
async function judge(place: Place, injector: Injector, row: Row): Promise<string | undefined> {
  const { shims } = await yardOfPlaces()
  const [ran] = await injector.run([row])
  const killed = row.error < 0
  const whole = place.args ? ['exit 0', 'exit 1'] : ['exit 7', 'exit 126', 'exit 127']
  const ends = killed && ran?.failed === 1 ? ['signal 9', ...whole.slice(0, 1)] : whole // a child's call may come at the end
  const tokens = [...(ran?.tokens ?? '')].sort().join('')
  if (ran && ends.includes(ran.end) && tokens === place.tokens) return undefined
  const { stderr } = await run(join(shims, '.jobshim/look'), ['reclaim'], { env: injector.env })
  return `${row.what}: ${ran?.end}, ${tokens} of ${place.tokens} ${stderr}`
}

/** Without user notification (Linux < 5.5, a sandbox) nobody knows of its calls before they are made. */
async function begin(place: Place): Promise<Injector | undefined> {
  try {
    return await startPlace(place)
  } catch (error) {
    endInjectors()
    if (!/inject: seccomp/.test(String(error))) throw error
    return undefined
  }
}

for (const place of unpaid) {
  const title = `payer :: ${place.name} :: each call fails, or is the last: all tokens are back`
  const injector = await begin(place)
  if (injector === undefined) test.skip(title)
  else
    test(title, async () => {
      assert.is(injector.plain.end, place.args ? 'exit 0' : 'exit 7')
      assert.match(injector.plain.stdout, place.args ? /^\0$/ : /^held \d+\n$/)
      assert.is(injector.plain.stderr, '')
      const { rows, unknown } = await rowsOf(injector)
      assert.is(
        rows.some(({ name }) => name === 'fork'),
        place.args === undefined,
      )
      assert.equal(unknown, [], 'calls that no table has')
      const said: string[] = []
      for (const row of rows) said.push((await judge(place, injector, row)) ?? '')
      assert.equal(said.filter(Boolean), [])
      await injector.end()
    })
}

test.after(endInjectors)
test.run()
