import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { LookCommandName } from '../../src/contract/look-commands.js'
import { type Answer, censusIn, lookIn, lostIn, readOutcome } from '../../src/launcher/answers.js'
import { readReport } from '../../src/launcher/caretaker.js'

const words = (...all: string[]): string => all.map(word => `${word}\0`).join('')

/** What a text means, if it is all that `look COMMAND` has printed. */
const reading =
  <Name extends LookCommandName>(command: Name, mean: (answer: Answer<Name>) => unknown) =>
  (text: string): unknown => {
    const outcome = readOutcome(command, 0, text)
    return outcome?.kind === 'answered' ? mean(outcome.answer) : undefined
  }
const readCensus = reading('census', censusIn)
const readLook = reading('jobserver', lookIn)
const readLost = reading('lost', lostIn)

const rows: readonly { asked: string; read: (text: string) => unknown; said: string; means: unknown }[] = [
  {
    asked: 'look census',
    read: readCensus,
    said: words('3', '2', ''),
    means: { kind: 'counted', free: 3, held: 2 },
  },
  { asked: 'look census', read: readCensus, said: words('-1', '2', ''), means: { kind: 'moving' } },
  {
    asked: 'look census',
    read: readCensus,
    said: words('-1', '0', 'it is dark'),
    means: { kind: 'blind', why: 'it is dark' },
  },
  {
    asked: 'look jobserver',
    read: readLook,
    said: words('fifo:/a b', '4', '/a b.ledger', '0'),
    means: { jobserver: 'fifo:/a b', free: 4, ledger: '/a b.ledger', accounts: false },
  },
  {
    asked: 'look jobserver',
    read: readLook,
    said: words('fifo:/dev/steve', '-1', '', '1'),
    means: { jobserver: 'fifo:/dev/steve', free: undefined, ledger: '', accounts: true },
  },
  { asked: 'look lost', read: readLost, said: words('0', ''), means: { kind: 'counted', tokens: 0 } },
  {
    asked: 'look lost',
    read: readLost,
    said: words('-1', 'dark'),
    means: { kind: 'uncounted', why: 'dark' },
  },
  { asked: 'look caretaker', read: readReport, said: 'gone', means: { kind: 'gone' } },
  { asked: 'look caretaker', read: readReport, said: 'free -1', means: { kind: 'free', tokens: -1 } },
  { asked: 'look caretaker', read: readReport, said: 'restored 2', means: { kind: 'restored', tokens: 2 } },
  { asked: 'look caretaker', read: readReport, said: 'surplus 1', means: { kind: 'surplus', tokens: 1 } },
  { asked: 'look caretaker', read: readReport, said: 'size 61441', means: { kind: 'size', tokens: 61441 } },
]

for (const { asked, read, said, means } of rows)
  test(`answers :: ${asked} ${JSON.stringify(said)}`, () => {
    assert.equal(read(said), means)
  })

for (const { asked, read, said } of rows)
  test(`answers :: ${asked} ${JSON.stringify(said)} :: cut anywhere, or with more behind it, it is none`, () => {
    for (let end = 0; end < said.length; end++) {
      const cut = said.slice(0, end)
      // A line's number may be cut to a shorter one: lines are ended by a newline, and a cut one is never heard.
      if (!/^[a-z]+ \d+$/.test(cut)) assert.is(read(cut), undefined, JSON.stringify(cut))
    }
    assert.is(read(`${said}x`), undefined)
    assert.is(read(`${said}\0`), undefined)
  })

for (const [read, said] of [
  [readCensus, words('', '', '')],
  [readCensus, words('1', '', '')],
  [readCensus, words('1', '-1', '')],
  [readCensus, words('-2', '1', '')],
  [readCensus, words('1e3', '1', '')],
  [readLook, words('', '', '')],
  [readLook, words('/a', '1', '')],
  [readLook, words('fifo:/a', '', '')],
  [readLost, words('-1', '')],
  [readLost, words('3', 'dark')],
  [readReport, ''],
  [readReport, 'restored'],
  [readReport, 'restored -1'],
  [readReport, 'restored 9999999999999999'],
  [readReport, 'gone 1'],
] as const)
  test(`answers :: ${JSON.stringify(said)} is none`, () => {
    assert.is(read(said), undefined)
  })

const refused: readonly { said: string; means: unknown }[] = [
  {
    said: words('no-jobserver', 'it is hidden here'),
    means: { kind: 'refused', error: 'noJobserver', why: 'it is hidden here' },
  },
  {
    said: words('no-ledger', 'it is full'),
    means: { kind: 'refused', error: 'noLedger', why: 'it is full' },
  },
  { said: words('system', '13'), means: { kind: 'refused', error: 'system', errno: 13 } },
  { said: words('system', '0'), means: undefined },
  { said: words('system', 'EACCES'), means: undefined },
  { said: words('system', '13', ''), means: undefined },
  { said: words('system'), means: undefined },
  { said: words('another', '13'), means: undefined },
  { said: '', means: undefined },
  { said: 'system\x0013', means: undefined },
]

for (const { said, means } of refused)
  test(`answers :: ${JSON.stringify(said)} with status 1`, () => {
    assert.equal(readOutcome('prepare', 1, said), means)
  })

test.run()
