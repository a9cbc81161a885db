/** Every format in the launcher's source is one that ground/text.c knows: the compiler only checks that it would be one of printf's. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repository } from '../support/workspace.js'

const known = /^%((0\d+)?(l|ll|j)?[dux]|(\.\*)?s|[cg%])$/
const libcs = ['look/prepare.c: %.12g']

/** Returns the conversions in a C file's texts, such as `%016x`. */
function conversionsIn(text: string): string[] {
  const plain = text.replace(/" PRI([dux])\w+( "|(?=[,)]))/g, (_, letter: string, rest: string) =>
    rest === '' ? `${letter}"` : letter,
  )
  const literals = plain.match(/(?<!')"(?:[^"\\\n]|\\.)*"/g) ?? []
  return literals.flatMap(literal => literal.match(/%(?:[^a-zA-Z"%]*(?:hh?|ll?|[jztL])?[a-zA-Z]|%)/g) ?? [])
}

test('formats :: ground/text.c knows all that it may be given', () => {
  const shims = join(repository, 'shims')
  const files = readdirSync(shims, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.c'))
  const found = files.flatMap(file =>
    conversionsIn(readFileSync(join(shims, file), 'utf8')).map(conversion => ({ file, conversion })),
  )
  assert.ok(found.length > 200, `${found.length} conversions`)
  assert.equal(
    found
      .filter(({ conversion }) => !known.test(conversion))
      .map(({ file, conversion }) => `${file}: ${conversion}`),
    libcs,
  )
})

test('formats :: what printf knows besides is noticed', () => {
  assert.equal(
    conversionsIn('f("%5d %-3s", "%" PRIx64 " %08" PRIu64, \'"\', "%zu%%%hhd")').filter(
      found => !known.test(found),
    ),
    ['%5d', '%-3s', '%zu', '%hhd'],
  )
})

test.run()
