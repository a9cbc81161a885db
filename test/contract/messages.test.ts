/** What people read: docs/messages.md has all of it, and no words mean two things. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { messagesInC } from '../../src/launcher-messages.js'
import { type Message, messagesIn, readMessages } from '../../src/messages.js'
import { repository } from '../support/workspace.js'

const messages = readMessages(repository)

/** Returns words as a reader meets them anywhere: names are no difference. */
const asRead = (text: string): string =>
  text.replace(/\b(?!JOBSHIM_)[A-Z][A-Z_]+\b/g, 'X').replace(/X(?:\W*X)+/g, 'X')

/** What stands beside each other: a check's rows below its name, parts anywhere. */
const groups: Readonly<Record<Message['kind'], string | undefined>> = {
  error: 'said',
  line: 'said',
  shim: 'said',
  debug: 'said',
  check: 'check',
  bypass: 'part',
  part: 'part',
  text: undefined, // a part of a line, which the rest tells apart
}

/** Words that may be said of different things, each with why nobody takes them for another. */
const mayRepeat: Readonly<Record<string, string>> = {
  'coverage: X % of X s in tools': 'all of it is ok, less is a note: the number tells which',
  'said: X: not governed: X': 'JOBSHIM_DEBUG=1 tells all reasons, with the same meaning; one has an advice',
}

/** Returns what two situations print alike: the same words, and something else to do. */
function ambiguous(all: readonly Message[]): Map<string, Message[]> {
  const said = new Map<string, Message[]>()
  for (const message of all) {
    const group = groups[message.kind]
    if (group === undefined || !/[a-z]{2}/.test(message.text)) continue // a name alone: its words are among the parts
    const key = `${group === 'check' ? message.tells.replace(/: \w+$/, '') : group}: ${asRead(message.text)}`
    said.set(key, [...(said.get(key) ?? []), message])
  }
  const meaning = ({ kind, todo, tells }: Message): string =>
    kind === 'part' && todo === '' ? 'told elsewhere' : `${asRead(todo)}\n${tells}`
  const differs = (found: readonly Message[]): boolean =>
    new Set(found.map(meaning).filter(told => told !== 'told elsewhere')).size > 1
  return new Map([...said].filter(([, found]) => differs(found)))
}

test('messages :: none has two meanings', () => {
  const found = ambiguous(messages)
  const unexpected = [...found].filter(([key]) => !(key in mayRepeat))
  assert.equal(
    unexpected.map(([key, rows]) => [
      key,
      rows.map(({ at, line, text, todo }) => `${at}:${line}: ${text}: ${todo}`),
    ]),
    [],
  )
})

test('messages :: words that may repeat do so', () => {
  const found = ambiguous(messages)
  assert.equal(
    Object.keys(mayRepeat).filter(key => !found.has(key)),
    [],
  )
})

const planted = (source: string): Message[] => messagesIn('src/commands/planted.ts', source)

test('messages :: two meanings of the same words are noticed', () => {
  const two = planted(`
    throw new Failure(\`${'$'}{path}: is gone\`, 'make it')
    throw new Failure(\`${'$'}{file}: is gone\`, 'leave it')
  `)
  assert.is(ambiguous(two).size, 1)
  const one = planted(
    "throw new Failure('a: is gone', 'make it'); throw new Failure('b: is gone', 'make it')",
  )
  assert.is(ambiguous(one).size, 0)
})

/** The house's form, each with how a text breaks it. */
const forms: readonly { why: string; breaks(message: Message): boolean }[] = [
  { why: 'no point at its end', breaks: ({ text, todo }) => /[a-z]\.$/.test(text) || /[a-z]\.$/.test(todo) },
  { why: 'an error says what to do', breaks: ({ kind, todo }) => kind === 'error' && todo === '' },
  {
    why: 'no capital begins it, but for a name',
    breaks: ({ text, todo }) =>
      [text, todo].some(words => /^[A-Z][a-z]/.test(words) && !/^(?:Linux|Portage|CMake)/.test(words)),
  },
  { why: 'one blank between words', breaks: ({ text, todo }) => /\S {2}|\t/.test(`${text}\n${todo}`) },
  {
    why: "a plain word: can't, wrong, unknown",
    breaks: ({ text, todo }) =>
      /\b(?:cannot|can not|invalid|illegal|please|sorry|failed to|unable to|successfully)\b|!/i.test(
        `${text} ${todo}`,
      ),
  },
  { why: 'what runs is said to do, not was done by us', breaks: ({ text }) => /\bwe\b/i.test(text) },
]

for (const { why, breaks } of forms)
  test(`messages :: form :: ${why}`, () => {
    const wrong = messages.filter(breaks)
    assert.equal(
      wrong.map(({ at, line, text, todo }) => `${at}:${line}: ${text}: ${todo}`),
      [],
    )
  })

test('messages :: what breaks the form is noticed', () => {
  const texts = [
    "'x: is gone.', 'make it'",
    "'x: is gone', ''",
    "'The file is gone', 'make it'",
    "'x:  is gone', 'make it'",
    "'x: invalid', 'make it'",
    "'x: we lost it', 'make it'",
  ]
  for (const [number, text] of texts.entries()) {
    const [message] = planted(`throw new Failure(${text})`)
    assert.ok(message, text)
    assert.is(forms[number]?.breaks(message), true, text)
  }
})

test('messages :: each way to tell something is read', () => {
  assert.equal(
    planted(`
      const why = isGone ? 'is gone' : 'is new'
      const wrong = (what: string): Failure => new Failure(\`all: ${'$'}{what}\`, 'make it', exitCodes.usage)
      wrong('is bent')
      throw new Failure(\`${'$'}{path}: ${'$'}{why} (${'$'}{systemErrorCode(error)})\`, hint)
      say(\`jobshim: ${'$'}{shown.length} of ${'$'}{names.join(', ')}\\n  are here\`)
      print(\`nothing was done in ${'$'}{dir}\`)
      return { kind: 'no', what: 'is nobody there', fix: 'call them' }
    `).map(({ kind, text, todo, tells }) => [kind, text, todo, tells]),
    [
      ['error', 'all: is bent', 'make it', '2'],
      ['error', 'PATH: is gone (CODE)', 'HINT', '1'],
      ['error', 'PATH: is new (CODE)', 'HINT', '1'],
      ['line', 'N of NAMES are here', '', ''],
      ['part', 'is nobody there', 'call them', ''],
      ['text', 'nothing was done in DIR', '', ''],
    ],
  )
  assert.equal(
    messagesIn(
      'src/doctor/planted.ts',
      "const row = { name: 'disk', judge: () => broken('full', byCommand('x', 'rm it', 'now')) }",
    ).map(({ kind, text, todo, tells }) => [kind, text, todo, tells]),
    [['check', 'full', 'now: rm it', 'disk: broken']],
  )
  assert.equal(
    messagesInC(
      'shims/planted.c',
      'report("%s: is gone (%d)\\n  make it"\n "now", run->path, (int)count);\nreport_debug("it is not");\nreturn refuse(a, why, x ? "one way" : "or the other");',
    ).map(({ kind, text, todo }) => [kind, text, todo]),
    [
      ['shim', 'PATH: is gone (COUNT)', 'make itnow'],
      ['debug', 'it is not', ''],
      ['part', 'one way', ''],
      ['part', 'or the other', ''],
    ],
  )
})

test('messages :: as many are read as the source tells', () => {
  for (const [kind, least] of [
    ['error', 140],
    ['shim', 30],
    ['debug', 15],
    ['check', 90],
    ['part', 80],
    ['line', 8],
    ['text', 100],
  ] as const)
    assert.ok(messages.filter(message => message.kind === kind).length >= least, kind)
})

test.run()
