/** setup on a terminal: it shows what it will do, and asks. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Home, makeHome } from '../support/home.js'
import { pictureOf } from '../support/picture.js'
import { callBare } from '../support/transparent-calls.js'
import { repository } from '../support/workspace.js'

const program = join(repository, 'bin/jobshim.js')

/** Calls setup on a terminal, and returns what that showed, and its status as wait(2) has it, in hexadecimal. */
async function onScreen({ env }: Home, dialog: readonly string[], words: readonly string[] = []) {
  const rows = Object.entries(env)
  const removed = rows.flatMap(([name, value]) => (value === undefined ? [`-u${name}`] : []))
  const given = rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  const { status, stdout, stderr } = await callBare('caller', {
    setup: ['terminal'],
    tool: ['/usr/bin/env', '-uMAKEFLAGS', ...removed, ...given, process.execPath, program, 'setup', ...words],
    dialog,
    env: { TERM: 'dumb' },
  })
  assert.is(status, 0, `${stdout}${stderr}`)
  return { screen: stdout.replaceAll('\r\n', '\n'), ended: /^status (\d+)$/m.exec(stdout)?.[1] }
}

const question = 'expect Do this? [y/N] '

for (const answer of ['y\\n', 'Yes\\n'])
  test(`setup :: asks :: ${answer} :: shows it first, then does it`, async () => {
    const home = await makeHome({})
    const { screen, ended } = await onScreen(home, [question, `send ${answer}`, 'expect open new ones'])
    assert.is(ended, '0', screen)
    const shown = screen.slice(0, screen.indexOf('Do this?'))
    for (const name of ['.bashrc', '.profile', '.jobshimrc.yaml']) {
      assert.match(shown, `  make ${home.home}/${name}\n    `)
      assert.ok(existsSync(join(home.home, name)))
    }
    assert.match(shown, `  make the shims in ${home.shims}\n`)
    const next = 'terminals that are open do not know it yet: open new ones'
    assert.match(screen, /^set up: at most \d+ tools at once in all terminals\n/m)
    assert.match(screen, `terminals\n  ${next}\n`)
    const again = await onScreen(home, ['expect nothing changed'])
    assert.is(again.ended, '0')
    assert.not.match(again.screen, 'Do this?')
  })

for (const [name, key] of [
  ['n', 'n\\n'],
  ['nothing', '\\n'],
  ['something else', 'what?\\n'],
  ['the end of its input', '\\004'],
  ['^C', '\\003'],
])
  test(`setup :: asks :: ${name} :: nothing is changed`, async () => {
    const home = await makeHome({})
    const before = pictureOf(home.home)
    const { screen, ended } = await onScreen(home, [question, `send ${key}`, 'expect not agreed'])
    assert.is(ended, '100', screen)
    assert.match(screen, 'jobshim: setup: not agreed; nothing was changed\n')
    assert.match(screen, '  answer y, or run jobshim setup --yes\n')
    assert.equal(pictureOf(home.home), before)
  })

test.run()
