import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim } from '../support/jobshim.js'
import { asUser, eve, makeDirectoryOf, testAsRoot } from '../support/other-user.js'
import { poolAt } from '../support/pool.js'
import { until } from '../support/until.js'
import { openToOthers, repository } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { makeYard, type Yard } from '../yard/yard.js'

const serveLine = ({ shims }: Yard, fifo: string, ...words: string[]): string[] => [
  ...['serve', '--no-config', '--dir', shims, '--fifo', fifo, '-j2', ...words],
]

for (const { name, mode, gid, says } of [
  { name: 'its group', mode: 0o775, gid: eve, says: 'can be written by its group' },
  { name: 'everybody', mode: 0o777, gid: 0, says: 'can be written by everybody' },
])
  testAsRoot(`serve :: foreign :: root, in a directory that ${name} may write :: refused`, async () => {
    const yard = await makeYard('')
    const place = join(yard.root, 'place')
    mkdirSync(place)
    chownSync(place, 0, gid)
    chmodSync(place, mode)
    const words = serveLine(yard, join(place, 'central'), '--group', 'nogroup')
    assert.equal(await jobshim(words, { cwd: yard.root, env: { ...yard.env, HOME: yard.root } }), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${place}: ${says}\n  serve in a directory that only its owner may write, such as /run/jobshim\n`,
    })
    assert.equal(readdirSync(place), [])
  })

/**
 * A `look` that makes the FIFO, and then lets the directory's owner do at once what they would have to be lucky for: move the
 * directory that it lies in, and put one of their own there, in which links lead to what is precious.
 */
const helpful = (real: string, place: string, precious: string): string => `#!/bin/sh
if test "$1" != prepare; then exec ${real} "$@"; fi
${real} "$@" || exit
exec ${asUser(eve).join(' ')} sh -c '
	cd ${place} || exit
	for workshop in .central.*; do
		mv "$workshop" moved
		mkdir "$workshop"
		ln -s ${precious} "$workshop/fifo"
	done
' >&2
`

testAsRoot(
  "serve :: foreign :: root, in another user's directory, who moves what is made :: nothing else is opened or changed",
  async () => {
    const yard = await makeYard('')
    openToOthers(yard.root)
    const place = makeDirectoryOf(eve, join(yard.root, 'place'), 0o755)
    const precious = join(yard.root, 'precious')
    writeFileSync(precious, 'secret', { mode: 0o600 })
    const look = join(yard.shims, '.jobshim/look')
    const real = join(yard.root, 'real/.jobshim/look')
    mkdirSync(dirname(real), { recursive: true })
    renameSync(look, real)
    writeFileSync(look, helpful(real, place, precious), { mode: 0o755 })
    const fifo = join(place, 'central')
    const line = [process.execPath, join(repository, 'bin/jobshim.js')]
    const server = start({
      env: { ...yard.env, HOME: yard.root },
      command: [...line, ...serveLine(yard, fifo, '--user', 'nobody', '--mode', '640')],
    })
    await until('it is ready', () => server.output.stdout.endsWith('\n'))
    const { uid, mode } = lstatSync(precious)
    assert.equal([readFileSync(precious, 'utf8'), uid, mode & 0o777], ['secret', 0, 0o600])
    assert.is(server.output.stdout, `--jobserver-auth=fifo:${fifo}\n`)
    for (const file of [fifo, `${fifo}.ledger`]) {
      const stats = lstatSync(file)
      assert.equal([stats.isSymbolicLink(), stats.uid, stats.mode & 0o777], [false, 65534, 0o640], file)
    }
    const pool = poolAt(fifo)
    assert.is(pool.count(), '++')
    pool.close()
    assert.equal(await server.kill('SIGTERM'), {
      status: 0,
      signal: null,
      stdout: `--jobserver-auth=fifo:${fifo}\n`,
      stderr: '',
    })
  },
)

/** A `look` that locks, and before that lets the directory's owner put a symlink to `elsewhere` in its place. */
const moving = (real: string, place: string, elsewhere: string): string => `#!/bin/sh
if test "$1" = lock && ! test -L ${place}; then
	${asUser(eve).join(' ')} sh -c 'mv ${place} ${place}-moved && ln -s ${elsewhere} ${place}' >&2
fi
exec ${real} "$@"
`

testAsRoot(
  "serve :: foreign :: root, in another user's directory, who moves that meanwhile :: nothing is touched elsewhere",
  async () => {
    const yard = await makeYard('')
    openToOthers(yard.root)
    const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'), 0o755)
    const place = makeDirectoryOf(eve, join(theirs, 'place'), 0o755)
    const elsewhere = join(yard.root, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'central.lock'), 'jobshim serve\n')
    const look = join(yard.shims, '.jobshim/look')
    const real = join(yard.root, 'real/.jobshim/look')
    mkdirSync(dirname(real), { recursive: true })
    renameSync(look, real)
    writeFileSync(look, moving(real, place, elsewhere), { mode: 0o755 })
    const fifo = join(place, 'central')
    const env = { ...yard.env, HOME: yard.root }
    assert.equal(await jobshim(serveLine(yard, fifo), { cwd: yard.root, env }), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${fifo}: can't make the jobserver (ENOENT)\n  name a place that you can write with --fifo\n`,
    })
    assert.equal(readdirSync(elsewhere), ['central.lock'])
    assert.equal(readdirSync(`${place}-moved`), [])
  },
)

testAsRoot(
  "serve :: foreign :: root, through another user's symlink to a directory of root's :: refused",
  async () => {
    const yard = await makeYard('')
    openToOthers(yard.root)
    const theirs = makeDirectoryOf(eve, join(yard.root, 'theirs'), 0o755)
    mkdirSync(join(yard.root, 'roots'), { mode: 0o755 })
    const [program = '', ...args] = [...asUser(eve), 'ln', '-s', '../roots', join(theirs, 'link')]
    execFileSync(program, args)
    const words = serveLine(yard, join(theirs, 'link/central'))
    assert.equal(await jobshim(words, { cwd: yard.root, env: { ...yard.env, HOME: yard.root } }), {
      status: 1,
      signal: null,
      stdout: '',
      stderr: `jobshim: ${theirs}/link: another user's symlink to what is not theirs\n  name a place that only you can write\n`,
    })
    assert.equal(readdirSync(join(yard.root, 'roots')), [])
  },
)

test.after.each(killStarted)

test.run()
