import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadCommands } from '../../src/commands/command-table.js'
import { argument, prose } from '../../src/commands/mdoc.js'
import { settingRows } from '../../src/config/options.js'
import { environmentRows } from '../../src/contract/environment.js'
import { run } from '../support/jobshim.js'
import { testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const page = join(repository, 'docs/jobshim.1')

/** The page as people see it, each paragraph on one line. */
async function rendered(file: string): Promise<string> {
  const { status, stdout, stderr } = await run('mandoc', ['-Tascii', '-Owidth=999', file])
  assert.equal([status, stderr], [0, ''])
  return stdout.replace(/.[\b]/g, '') // bold and underlined characters are printed twice
}

testWith('mandoc', 'man page :: mandoc finds nothing to mend', async () => {
  const result = await run('mandoc', ['-Tlint', '-Wwarning', page])
  assert.equal(result, { status: 0, signal: null, stdout: '', stderr: '' })
})

testWith(
  'mandoc',
  'man page :: has each command, option, example, setting and variable as it is typed',
  async () => {
    const lines = (await rendered(page)).split('\n').map(line => line.trim())
    const shown = (line: string) => assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`)
    for (const { name, operands, options, examples } of await loadCommands()) {
      shown(['jobshim', name, operands].filter(Boolean).join(' '))
      for (const { name, letter, value } of options) {
        const forms = [...(letter === undefined ? [] : [`-${letter}`]), `--${name}`]
        const head = forms.map(form => (value === undefined ? form : `${form} ${value}`)).join(', ')
        assert.ok(
          lines.some(line => line === head || line.startsWith(`${head}  `)),
          head,
        )
      }
      for (const { line } of examples) shown(line)
    }
    for (const { key } of settingRows)
      assert.ok(
        lines.some(line => line.split(' ')[0] === key),
        key,
      )
    for (const row of Object.values(environmentRows))
      assert.is(
        lines.some(line => line.split('=')[0] === row.name),
        !('internal' in row),
        row.name,
      )
  },
)

const hostile = [
  '.Sh NAME of a file',
  "'quoted' at the start",
  'a\\b \\fB \\(em \\n',
  '"quoted" and "more"',
  '--long -s a-b /a-b/c-d x=-y',
  '`date` ^C ~/x $HOME % # @ {} [] () <> | ; &',
  'Fl Ar Op Nm Pa',
  '. , ; : ( ) [ ] ? !',
  'a sentence. Another one? (A third!) "A fourth." The end',
  'make -j8 CC="gcc -m32" \'a b\'',
]

for (const text of hostile)
  testWith('mandoc', `mdoc :: ${text} :: is shown as it is`, async () => {
    const directory = makeWorkspace()
    const parts = [`.It Ic ${argument(text)}`, prose(text)]
    const head =
      '.Dd November 22, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Sh DESCRIPTION\n.Bl -tag -width Ds\n'
    writeFiles(directory, { 'x.1': `${head}${parts.join('\n')}\n.El\n` })
    const lines = (await rendered(join(directory, 'x.1'))).split('\n').map(line => line.trim())
    const sentences = (line: string) => line.replace(/ {2}/g, ' ') // two spaces between sentences
    assert.equal(lines.filter(line => sentences(line) === text).length, 2, lines.join('\n'))
  })

test.run()
