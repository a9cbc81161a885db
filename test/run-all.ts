/**
 * Runs the test files, each as a process of its own: `node dist/test/run-all.js [OPTION ...] [PART-OF-A-FILE-NAME ...]`,
 * and without those with `-PART-OF-A-FILE-NAME`.
 *
 * --all          all tests; without it those that test/plan.ts does not leave to `npm run test:all`
 * --rest         those that it does
 * --sanitized    those that it lists for a launcher with sanitizers
 * --by-node      those that it lists for another Node
 * --accounted    those that it lists for a jobserver that keeps an account, once for each way to do that
 * --list         names the files, and runs none
 * --table FILE   writes what each file took: file, tests, seconds of wall, of CPU, and those in which it slept
 *
 * JOBSHIM_TEST_FILES=N       so many files at once (twice as many as there are cores: most of them wait most of the time)
 * JOBSHIM_TEST_JOBS=2,8      the client drivers run at these -j only (all of 1,2,3,8)
 * JOBSHIM_TEST_POOL=NAME     a way to keep an account (support/accounting.ts): a server that does gives the tokens, and no FIFO
 * JOBSHIM_TEST_LAUNCHER=FILE a launcher that stands in for shims/build/launcher in all shim dirs
 * JOBSHIM_TEST_LOOK=FILE the same for shims/build/look
 * CI=true                    a client that this machine lacks is a failure
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findConfig } from '../src/config/find.js'
import { accountedBy } from './accounted.js'
import { longestFirst, type Scope, shareOf } from './plan.js'
import { missingClients } from './support/clients.js'
import { type Counts, type Report, runFile } from './support/test-file.js'

type Wishes = { scope: Scope; table?: string | undefined; lists?: true; only: string[]; without: string[] }

const scopes: Readonly<Record<string, Scope>> = {
  '--all': 'all',
  '--rest': 'rest',
  '--sanitized': 'sanitized',
  '--by-node': 'byNode',
  '--accounted': 'accounted',
}

const here = dirname(fileURLToPath(import.meta.url))
const source = join(here, '../../test')

function parse(words: readonly string[]): Wishes {
  const wishes: Wishes = { scope: 'plain', only: [], without: [] }
  const left = [...words]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const scope = scopes[word]
    if (scope !== undefined) wishes.scope = scope
    else if (word === '--list') wishes.lists = true
    else if (word === '--table') wishes.table = left.shift()
    else if (word.startsWith('-')) wishes.without.push(word.slice(1))
    else wishes.only.push(word)
  }
  return wishes
}

const hasSource = (name: string): boolean => existsSync(join(source, `${name}.test.ts`)) // dist/ may hold what was renamed

/** The files that the words name, without `.test.js`. */
const namedFiles = ({ only, without }: Wishes): string[] =>
  readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.test.js'))
    .map(path => path.replace(/\.test\.js$/, ''))
    .filter(name => !without.some(part => name.includes(part)))
    .filter(name => only.length === 0 || only.some(part => name.includes(part)))
    .filter(hasSource)

const wishes = parse(process.argv.slice(2))
const named = namedFiles(wishes)
const files = longestFirst(named.filter(name => shareOf(name, wishes.scope) !== 'none'))
if (wishes.lists) {
  console.log(files.join('\n'))
  process.exit()
}
const config = findConfig(homedir(), homedir())
if (config !== undefined) {
  console.error(`${config}: tests would read it\n  run them with another home: HOME=$(mktemp -d)`)
  process.exit(1)
}
const sum: Counts = { passed: 0, failed: 0, skipped: 0 }
const reports = new Map<string, Report>()

const shared = mkdtempSync(join(tmpdir(), 'jobshim-tests-'))
const env = {
  XDG_CACHE_HOME: join(shared, 'cache'),
  JOBSHIM_TEST_BUILT: join(shared, 'built'),
  ...(wishes.scope === 'sanitized' ? { JOBSHIM_TEST_SANITIZERS: 'true' } : {}),
}
for (const place of [env.XDG_CACHE_HOME, env.JOBSHIM_TEST_BUILT]) mkdirSync(place, { mode: 0o700 })

/** One run of a file. */
type Run = { name: string; file: string; env: Readonly<Record<string, string>> }

const runsOf = (file: string): Run[] =>
  wishes.scope === 'accounted'
    ? accountedBy.map(way => ({ name: `${file} ${way}`, file, env: { JOBSHIM_TEST_POOL: way } }))
    : [{ name: file, file, env: {} }]

async function runAndTell({ name, file, env: own }: Run): Promise<void> {
  const report = await runFile(join(here, `${file}.test.js`), {
    ...env,
    ...own,
    JOBSHIM_TEST_SCOPE: shareOf(file, wishes.scope),
  })
  reports.set(name, report)
  const { passed, failed, skipped, problems, output, wallSeconds, cpuSeconds } = report
  const counts = `${passed} passed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  const times = `${wallSeconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s`
  console.log(`${problems.length > 0 ? 'FAIL' : 'ok  '} ${name}  ${counts}  ${times}`)
  if (problems.length > 0) console.log(`${output}\n${name}: ${problems.join('\n')}\n`)
  else for (const line of output.match(/^measured .*$/gm) ?? []) console.log(`     ${line}`)
  sum.passed += passed
  sum.failed += failed
  sum.skipped += skipped
}

const started = performance.now()
const atOnce = Number(process.env.JOBSHIM_TEST_FILES ?? 2 * availableParallelism())
const waiting = files.flatMap(runsOf)
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await runAndTell(next)
  }),
)
rmSync(shared, { recursive: true, force: true })

const row = ([name, { passed, skipped, wallSeconds, cpuSeconds }]: [string, Report]): string =>
  [
    name,
    passed + skipped,
    ...[wallSeconds, cpuSeconds, Math.max(0, wallSeconds - cpuSeconds)].map(seconds => seconds.toFixed(1)),
  ].join('\t')
if (wishes.table !== undefined)
  writeFileSync(
    wishes.table,
    `file\ttests\twall\tcpu\tsleeping\n${[...reports].sort().map(row).join('\n')}\n`,
  )

const cpuSeconds = [...reports.values()].reduce((all, report) => all + report.cpuSeconds, 0)
const wallSeconds = (performance.now() - started) / 1000
console.log(`${files.length} files: ${wallSeconds.toFixed(0)} s, CPU ${cpuSeconds.toFixed(0)} s`)
const missing = missingClients(wishes.scope === 'plain' ? 'plain' : 'all')
if (missing.length > 0) console.log(`not met here: ${missing.join(', ')}`)
if (files.length === 0)
  console.log(
    named.length === 0
      ? 'no test file has such a name'
      : `test:all has ${named.join(', ')}: see test/plan.ts`,
  )
if (files.length === 0 || (missing.length > 0 && process.env.CI === 'true')) sum.failed += 1
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exitCode = sum.failed > 0 ? 1 : 0
