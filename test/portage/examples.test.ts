/** Every call of jobshim portage that help, man page, README or docs show works as it stands. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadCommands } from '../../src/commands/command-table.js'
import { callsIn, readDocuments } from '../support/documents.js'
import { jobshim } from '../support/jobshim.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const inHelp = (await loadCommands()).flatMap(({ examples }) => examples.map(({ line }) => line))
const inDocuments = readDocuments().flatMap(({ code }) => code)
const inManPage = [
  ...readFileSync(join(repository, 'docs/jobshim.1'), 'utf8').matchAll(/^\.It Ic "(.*)"$/gm),
].map(([, line = '']) => line.replaceAll('\\(aq', "'").replaceAll('\\-', '-').replaceAll('\\&', ''))

/** What is shown, each once; what stands for something is put in. */
const shown = [
  ...new Set(
    [...inHelp, ...inDocuments, ...inManPage]
      .flatMap(callsIn)
      .filter(([first, verb]) => first === 'portage' && verb !== undefined && !verb.startsWith('-'))
      .map(words => words.map(word => (word === 'CAT/PKG' ? 'dev-qt/qtbase' : word)).join('\n')),
  ),
].map(text => text.split('\n'))

/** The words without a --root of the example's: it is none of this machine. */
function withoutRoot(words: readonly string[]): string[] {
  const at = words.indexOf('--root')
  return at === -1 ? [...words] : words.toSpliced(at, 2)
}

test('portage :: examples :: they are found', () => {
  const lines = shown.map(words => words.join(' '))
  for (const line of [
    'portage install',
    'portage enable */*',
    'portage enable dev-qt/qtwebengine',
    'portage disable dev-qt/qtwebengine',
    'portage uninstall',
    'portage install --root /mnt/gentoo --tools gcc,ld,rustc',
  ])
    assert.ok(lines.includes(line), `${line}: not among\n${lines.join('\n')}`)
})

for (const words of shown)
  test(`portage :: examples :: jobshim ${words.join(' ')}`, async () => {
    const root = makeWorkspace('system')
    writeFiles(root, { 'etc/portage/make.conf': 'MAKEOPTS="-j3"\n' })
    const call = (...more: string[]) => jobshim(['portage', ...more, '--root', root], { cwd: root })
    const [, verb = ''] = words
    if (verb !== 'install') assert.is((await call('install', '--no-config')).status, 0)
    if (verb === 'list') assert.is((await call('enable', 'dev-qt/qtbase')).status, 0)
    const [, ...rest] = withoutRoot(words)
    const { status, stderr } = await call(...rest)
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
    const atoms = rest.slice(1).filter(word => word.includes('/') && !word.startsWith('-'))
    if (verb !== 'enable') return
    const file = rest.includes('--sandbox') ? 'jobshim-sandbox.conf' : 'jobshim.conf'
    assert.is(
      readFileSync(join(root, 'etc/portage/package.env/jobshim'), 'utf8'),
      atoms.map(atom => `${atom} ${file} # jobshim\n`).join(''),
    )
  })

test.run()
