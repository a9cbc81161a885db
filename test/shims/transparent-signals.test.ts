import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertSame, doors } from '../support/transparent-calls.js'

/** What the caller sends to its child alone, which is the launcher, reaches the tool. */
const signals = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  USR1: 10,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CONT: 18,
  TSTP: 20,
  WINCH: 28,
  RTMIN: 34, // musl, which the launcher is built with, keeps it for itself
  'RTMIN+2': 36,
  RTMAX: 64,
}
const deadly = (
  ['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'ALRM', 'TERM', 'STKFLT', 'RTMIN', 'RTMAX'] as const
).map(name => signals[name])
const stops = 20 // so often is a tool stopped and continued

for (const place of doors) {
  test(`transparent :: ${place} :: signals reach a tool that catches them`, async () => {
    const caught = Object.values(signals).filter(number => number !== signals.TERM && number !== signals.TSTP)
    const { stdout } = await assertSame(place, {
      setup: ['dialog'],
      tool: ['probe', 'catch'],
      dialog: [
        'expect ready',
        ...[...caught, signals.TERM].flatMap(one => [`kill ${one}`, `expect got ${one}\\n`]),
      ],
    })
    assert.match(stdout, /^status 700$/m)
  })

  for (const signal of deadly)
    test(`transparent :: ${place} :: signal ${signal} ends the tool, too`, async () => {
      const { stdout } = await assertSame(place, {
        setup: ['dialog'],
        tool: ['probe', 'wait'],
        dialog: ['expect ready', `kill ${signal}`], // and then reads to the end: the tool is gone
      })
      assert.match(stdout, new RegExp(`^status ${signal.toString(16)}$`, 'm'))
    })

  test(`transparent :: ${place} :: TSTP stops both, CONT continues both`, async () => {
    const round = [
      'kill 20',
      'stopped',
      'kill 18',
      'continued',
      'send still there\\n',
      'expect answer still there\\n',
    ]
    const { stdout } = await assertSame(place, {
      setup: ['dialog', 'pgrp'],
      tool: ['probe', 'wait'],
      dialog: ['expect ready', ...Array.from({ length: stops }, () => round).flat(), 'send exit 5\\n'],
    })
    assert.is(stdout.match(/^stopped: 147f$/gm)?.length, stops)
    assert.match(stdout, /^status 500$/m)
  })

  test(`transparent :: ${place} :: a tool that handles TSTP is not stopped, nor its launcher`, async () => {
    const { stdout } = await assertSame(place, {
      setup: ['dialog', 'pgrp'],
      tool: ['probe', 'handle', '20'],
      dialog: ['expect ready', 'kill 20', 'expect handled 20\\n', 'send exit 6\\n'],
    })
    assert.match(stdout, /^status 600$/m)
  })

  test(`transparent :: ${place} :: a tool whose caller ignores TSTP is not stopped`, async () => {
    const { stdout } = await assertSame(place, {
      setup: ['dialog', 'pgrp', 'ignore=20'],
      tool: ['probe', 'wait'],
      dialog: ['expect ready', 'kill 20', 'send on\\n', 'expect answer on\\n', 'send exit 6\\n'],
    })
    assert.match(stdout, /^status 600$/m)
  })
}

test.run()
