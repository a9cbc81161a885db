import { constants } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Call, endInjectors, type Injector } from '../support/injecting.js'
import { ledgersIn, overwrite } from '../yard/ledger.js'
import { inTwoLanes, type Place, places, startPlace, usualCalls } from '../yard/places.js'

/**
 * A launcher is killed as it asks for each of its system calls: the next one gives back what it held. A token may be lost
 * at one call only, the write that gives it back, since it could have been done; none is ever made.
 */
const names = ['the implicit slot', 'a token', 'a token, with a journal', 'two slots, past the gates']
const sameCalls = 3

type Row = Call & { which: number }

async function rowsOf(injector: Injector): Promise<Row[]> {
  const seen = new Map<string, number>()
  return (await usualCalls(injector)).flatMap(call => {
    const key = `${call.name} ${call.label}`
    const which = (seen.get(key) ?? 0) + 1
    seen.set(key, which)
    return which > sameCalls ? [] : [{ ...call, which }]
  })
}

/** As if nobody had looked for dead launchers for a second: then one does at its end. */
function letLook({ XDG_RUNTIME_DIR: runtime = '' }: Injector['env']): void {
  for (const ledger of ledgersIn(runtime)) overwrite(ledger, 'reclaimedAt', '\0'.repeat(8))
}

/** What of the place's tokens is there once another launcher has ended, and what became of the one that was killed. */
async function killAt(injector: Injector, place: Place, row: Row): Promise<{ end: string; tokens: string }> {
  const [killed] = await injector.run([{ ...row, error: -constants.signals.SIGKILL, step: 0 }])
  letLook(injector.env)
  const [next] = await injector.run([{ name: '-', label: '*', error: 0, which: 0, step: 0 }])
  assert.is(next?.end, 'exit 7')
  // Between the two the pool was filled anew, so that what is given back is there twice.
  const left = [...place.tokens]
  const tokens = [...`${killed?.tokens}${next?.tokens}`].filter(token => {
    const at = left.indexOf(token)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return { end: `${killed?.end}`, tokens: tokens.sort().join('') }
}

const isGivingBack = ({ name, label }: Call): boolean => name === 'write' && label.endsWith('/fifo')

async function killAtEach(place: Place): Promise<string[]> {
  const injector = await startPlace(place)
  const said: string[] = []
  const rows = await rowsOf(injector)
  for (const row of rows) {
    const { end, tokens } = await killAt(injector, place, row)
    const lost = place.tokens.length - tokens.length
    if (end !== 'signal 9' || lost !== (isGivingBack(row) ? 1 : 0))
      said.push(`${row.name} ${row.label} #${row.which}: ${end}, ${tokens} of ${place.tokens}`)
  }
  await injector.end()
  assert.is(rows.filter(isGivingBack).length, place.name.includes('implicit') ? 0 : 1)
  return said
}

/** Without user notification (Linux < 5.5, a sandbox) nobody knows of its calls before they are made. */
const isTold = async (place: Place): Promise<boolean> => {
  try {
    await (await startPlace(place)).end()
    return true
  } catch (error) {
    endInjectors()
    if (!/inject: seccomp/.test(String(error))) throw error
    return false
  }
}

const chosen = places.filter(({ name }) => names.includes(name))
const mayAsk = chosen[0] !== undefined && (await isTold(chosen[0]))
const results = inTwoLanes(mayAsk ? chosen.map(place => () => killAtEach(place)) : [])

for (const [index, place] of chosen.entries()) {
  const title = `kill :: ${place.name} :: as it asks for each of its calls :: the next one gives back what it held`
  if (!mayAsk) test.skip(title)
  else
    test(title, async () => {
      assert.equal(await results[index], [])
    })
}

test.after(endInjectors)

test.run()
