/**
 * One client lives, with tokens in use, while another is killed that had four: those are back as far as the census can tell them
 * from what the living one may have (`Who may hold how many` in docs/protocol.md), and none of the living one's ever is.
 */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { findClient } from '../support/clients.js'
import { openFiles, processesOf } from '../support/processes.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { censusIsTaken, endRestored, freeTokens, look, type Served, serve, sharing } from '../yard/served.js'
import { type Living, living, makeFifos } from './living.js'

const total = 8
const lost = 4

/** Starts it, and waits until all of it waits. */
async function startLiving(served: Served, directory: string, client: Living): Promise<Held> {
  writeFiles(directory, client.files)
  makeFifos(directory, client.fifos)
  client.prepare?.(directory)
  for (const [name, program] of Object.entries(client.copies ?? {}))
    copyFileSync(join('/bin', program), join(directory, name))
  const command = client.command(client.needs.map(key => findClient(key) ?? ''))
  const env = { ...sharing(served, total + 1), TMPDIR: directory } // some leave files there
  const held = start({ env, command: ['env', '-C', directory, ...command] })
  const opened = (): number =>
    processesOf(held.pid).filter(({ pid }) => openFiles(pid).includes(served.fifo)).length
  const users = client.fifos === undefined ? 1 : 2 // one that carries it, too
  await until(
    'it has its tokens',
    () => freeTokens(served) === total - lost - client.holds && (client.holds > 0 || opened() === users),
  )
  return held
}

/** Starts a make that takes four tokens for its jobs. */
async function startOther(served: Served): Promise<Held> {
  const directory = makeWorkspace('killed')
  writeFiles(directory, { Makefile: 'all: a b c d e\na b c d e:\n\t@exec sleep 1000\n' })
  const make = join(findClient('make44') ?? '', 'make')
  const other = start({ env: sharing(served, lost + 1), command: [make, '-s', '-C', directory] })
  await until('it has four', () => freeTokens(served) === total - lost)
  return other
}

for (const client of living)
  testWith(['make44', ...client.needs], `beside :: ${client.title} :: keeps what it has`, async () => {
    const served = await serve(total)
    const directory = makeWorkspace('living')
    const other = await startOther(served)
    const held = await startLiving(served, directory, client)
    await censusIsTaken(served)
    const free = total - lost - client.holds
    assert.is(freeTokens(served), free)
    process.kill(-other.pid, 'SIGKILL')
    await other.ended
    const seen = free + lost - client.unseen
    await until('what can be told is back', () => freeTokens(served) === seen)
    await censusIsTaken(served)
    const [, , why = ''] = look(served, 'census')
    assert.match(why, client.blind ?? /^$/)
    assert.is(freeTokens(served), seen)
    if (client.release) client.release(directory)
    else writeFileSync(join(directory, 'over'), '')
    const { status, stderr } = await held.ended
    assert.is(status, client.fails ? 1 : 0, stderr)
    await until('all tokens are back', () => freeTokens(served) === total)
    await endRestored(served, lost)
  })

test.after.each(killStarted)

test.run()
