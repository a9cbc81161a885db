/**
 * Runs the own suites of ccache and libtool, plain and then with all tools behind shims below `jobshim run -j2`, and compares what each
 * test came to: `node dist/test/suites/own.js [ccache] [libtool] [-- WORD ...]`. Fetches Debian's sources. ccache's takes five minutes each
 * time; libtool's, which needs automake, twenty, without the two tests that it calls expensive. Words behind `--` choose tests:
 * `ccache -- masquerading`, `libtool -- -k libltdl`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scrubbed } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { repository } from '../support/workspace.js'
import { debianSources } from './debian.js'

type Results = Map<string, string> // what each test came to

const root = mkdtempSync(join(tmpdir(), 'own-'))
const shims = join(root, 'shims')
const path = '/usr/bin:/bin'
const env = scrubbed({ PATH: path, HOME: root, XDG_RUNTIME_DIR: join(root, 'run') })
const dashes = process.argv.indexOf('--')
const [wanted, words] =
  dashes < 0 ? [process.argv.slice(2), []] : [process.argv.slice(2, dashes), process.argv.slice(dashes + 1)]

/** Runs a script, plain or below `jobshim run`; its output goes to the file. Returns its status. */
function runScript(script: string, cwd: string, isBehind: boolean, log: string): number | null {
  const run = [join(repository, 'bin/jobshim.js'), 'run', '-q', '-j2', '--no-config', '--dir', shims, '--']
  const before = isBehind ? [process.execPath, ...run] : []
  const [program = '', ...args] = [...before, 'bash', '-c', `exec >'${log}' 2>&1; ${script}`]
  return spawnSync(program, args, { cwd, env, stdio: 'ignore' }).status
}

/** Each of its suites by itself, since one ends at its first failure. Their dots count the cases. */
function runCcache(source: string, place: string, isBehind: boolean): Results {
  const listed = readFileSync(join(source, 'test/CMakeLists.txt'), 'utf8').matchAll(/^addtest\((.*)\)$/gm)
  const names = words.length > 0 ? words : [...listed].map(([, name = '']) => name)
  const ccache = isBehind ? join(shims, 'ccache') : '/usr/bin/ccache'
  return new Map(
    names.map((name): [string, string] => {
      const log = join(place, `${name}.log`)
      const script = `CC=gcc CCACHE=${ccache} EXIT_IF_SKIPPED=1 exec bash ${join(source, 'test/run')} ${name}`
      const status = runScript(script, place, isBehind, log)
      const cases = /^Running test suite \w+?(\.*)$/m.exec(readFileSync(log, 'utf8'))?.at(1)?.length ?? 0
      return [name, status === 125 ? 'skipped' : status === 0 ? `ok, ${cases} cases` : 'FAILED']
    }),
  )
}

/** In a copy of the source; patches of Debian's have made its generated files look old. */
function runLibtool(source: string, place: string, isBehind: boolean): Results {
  const log = join(place, 'log')
  const tree = join(place, 'tree')
  execFileSync('cp', ['-a', source, tree])
  const choice = words.length > 0 ? words : ['-k', '!expensive']
  const script = `set -e
    find . -name aclocal.m4 -exec touch {} +
    sleep 1.1
    find . '(' -name configure -o -name '*.in' ')' -exec touch {} +
    ./configure
    make MAKEINFO=true HELP2MAN=true
    make check-local MAKEINFO=true HELP2MAN=true TESTSUITEFLAGS='${['-j2', ...choice].join(' ')}'`
  const status = runScript(script, tree, isBehind, log)
  const told = readFileSync(log, 'utf8').matchAll(
    /^ *(\d+: .*?) +(ok|skipped|FAILED|expected failure|UNEXPECTED)\b/gm,
  )
  const results = new Map([...told].map(([, name = '', end = '']): [string, string] => [name, end]))
  // Without one it did not come to its tests.
  return results.size === 0 ? results : results.set('status', `${status}`)
}

const suites = { ccache: runCcache, libtool: runLibtool } as const

mkdirSync(join(root, 'run'), { mode: 0o700 })
await installShims(shims, { args: ['--no-config'], env: { PATH: path, HOME: root } })
const sources = debianSources(root)
for (const [name, runSuite] of Object.entries(suites)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const source = sources.fetch(name)
  const [plain, behind] = [false, true].map(isBehind => {
    const place = join(root, `${name}-${isBehind ? 'behind' : 'plain'}`)
    mkdirSync(place)
    return runSuite(source, place, isBehind)
  })
  const names = new Set([...(plain?.keys() ?? []), ...(behind?.keys() ?? [])])
  const other = [...names].filter(test => plain?.get(test) !== behind?.get(test))
  for (const test of other)
    console.log(`FAIL ${name}: ${test}: plain ${plain?.get(test)}, behind shims ${behind?.get(test)}`)
  const ends = [...(plain?.values() ?? [])].map(end => end.replace(/,.*/, ''))
  const sums = [...new Set(ends)].map(end => `${ends.filter(one => one === end).length} ${end}`)
  console.log(
    `${name}: ${names.size} tests, ${other.length} of them otherwise behind shims; plain: ${sums.join(', ')}`,
  )
  if (other.length > 0 || names.size === 0) process.exitCode = 1
}
if (process.exitCode === 1) console.log(`what they printed is in ${root}`)
else rmSync(root, { recursive: true, force: true })
