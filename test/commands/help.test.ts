import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { commandTable } from '../../src/commands/command-table.js'
import { parseArguments } from '../../src/commands/parser.js'
import { packageVersion } from '../../src/ground/version.js'
import { jobshim } from '../support/jobshim.js'
import { repository } from '../support/workspace.js'

// The texts stand in test/commands/help: what people read is changed there on purpose, or not at all.
const texts = join(repository, 'test/commands/help')
const good = (stdout: string) => ({ status: 0, signal: null, stdout, stderr: '' })

for (const file of readdirSync(texts).sort()) {
  const name = file.replace('.txt', '')
  const text = readFileSync(join(texts, file), 'utf8')
  const ways =
    name === 'overview'
      ? [['--help'], ['-h'], ['help']]
      : [
          [...name.split(' '), '--help'],
          [...name.split(' '), '-h'],
          ['help', ...name.split(' ')],
        ]
  // Every way to ask for the overview and for one command; of the others one, since src/main.ts makes that of each way.
  for (const words of ['overview', 'run', 'portage install'].includes(name) ? ways : ways.slice(0, 1)) {
    test(`help :: jobshim ${words.join(' ')}`, async () => {
      assert.equal(await jobshim(words), good(text))
    })
  }
}

test('help :: -h is --help', async () => {
  for (const row of commandTable) {
    const command = await row.load()
    assert.equal(parseArguments(command, ['-h']), parseArguments(command, ['--help']), row.name)
  }
})

test('help :: every command has an example, a summary of one line, and a value where its options take one', async () => {
  for (const row of commandTable) {
    const command = await row.load()
    assert.is(command.name, row.name)
    assert.ok(command.examples.length > 0, row.name)
    assert.not.match(command.summary, /[\n.]/)
    for (const option of command.options)
      assert.is('value' in option, option.kind !== 'switch', `${row.name} --${option.name}`)
  }
})

test('help :: the commands are sorted', () => {
  const names = commandTable.map(({ name }) => name)
  assert.equal(names, [...names].sort())
})

for (const word of ['--version', '-V', '-v', 'version'])
  test(`help :: ${word}`, async () => {
    assert.equal(await jobshim([word]), good(`${packageVersion()}\n`))
  })

test('help :: no words at all :: the commands', async () => {
  assert.equal(await jobshim([]), await jobshim(['--help']))
  assert.is((await jobshim([])).status, 0)
})

test.run()
