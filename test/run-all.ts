/**
 * Runs the test files, each as a process of its own: `node dist/test/run-all.js [PART-OF-A-FILE-NAME ...]`, and without
 * those with `-PART-OF-A-FILE-NAME`.
 *
 * A file has passed if it exits 0 *and* uvu's summary says that it ran tests and all of them passed (uvu exits 0 for
 * a file that forgot its `.run()`), and if it left neither a process nor a file behind.
 *
 * JOBSHIM_TEST_FILES=N       so many files at once (two, or as many as there are cores)
 * JOBSHIM_TEST_JOBS=2,8      the client drivers run at these -j only (all of 1,2,3,8)
 * JOBSHIM_TEST_LAUNCHER=FILE a launcher that stands in for shims/build/launcher in all shim dirs
 * CI=true                    a client that this machine lacks is a failure
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missingClients } from './support/clients.js'
import { describe, killAll, processesOf } from './support/processes.js'

type Counts = { passed: number; failed: number; skipped: number }
type Report = Counts & { problems: string[]; output: string }

const here = dirname(fileURLToPath(import.meta.url))
const source = join(here, '../../test')
const marker = 'JOBSHIM_TEST_RUN'
const minutes = 60_000

const hasSource = (file: string): boolean =>
  existsSync(join(source, relative(here, file).replace(/\.js$/, '.ts'))) // dist/ may hold what was renamed

function testFiles(filters: readonly string[]): string[] {
  const without = filters.filter(part => part.startsWith('-')).map(part => part.slice(1))
  const only = filters.filter(part => !part.startsWith('-'))
  return readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.js') && !without.some(part => name.includes(part)))
    .filter(name => only.length === 0 || only.some(part => name.includes(part)))
    .map(name => join(here, name))
    .filter(hasSource)
    .sort()
}

/** What uvu's summary says, or undefined where there is none. */
function counted(output: string): Counts | undefined {
  const [, total, passed, skipped] =
    /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/m.exec(output) ?? []
  if (total === undefined) return undefined
  return { passed: Number(passed), failed: Number(total) - Number(passed), skipped: Number(skipped) }
}

/** Files that a test file left in the directories that were made for it. */
function leftovers(home: string): string[] {
  const runtime = join(home, 'run')
  return [
    ...readdirSync(join(home, 'tmp')).map(name => `$TMPDIR/${name}`),
    ...readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(name =>
      /(^|\/)(run|rules|watch)-[^/]*$/.test(name),
    ),
  ]
}

function judge(end: string, output: string, left: readonly string[]): Report {
  const counts = counted(output)
  const problems = [
    ...(end === '0' ? [] : [`ended with ${end}`]),
    ...(counts === undefined ? ['no summary: does it end with test.run()?'] : []),
    ...(counts && counts.passed + counts.failed + counts.skipped === 0 ? ['has no test'] : []),
    ...(counts && counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(left.length > 0 ? [`left behind:\n${left.join('\n')}`] : []),
  ]
  const { passed = 0, failed = 0, skipped = 0 } = counts ?? {}
  return { passed, failed: failed || (problems.length > 0 ? 1 : 0), skipped, problems, output }
}

function runFile(file: string): Promise<Report> {
  const home = mkdtempSync(join(tmpdir(), 'jobshim-test-'))
  const places = { TMPDIR: 'tmp', XDG_RUNTIME_DIR: 'run', XDG_DATA_HOME: 'data', XDG_CONFIG_HOME: 'config' }
  for (const name of Object.values(places)) mkdirSync(join(home, name), { mode: 0o700 })
  const run = randomUUID()
  const env = {
    ...process.env,
    ...Object.fromEntries(Object.entries(places).map(([name, place]) => [name, join(home, place)])),
    [marker]: run,
    NO_COLOR: '1',
    FORCE_COLOR: '0',
  }
  return new Promise(resolve => {
    const child = spawn(process.execPath, [file], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    const mine = () => processesOf(child.pid ?? -1, `${marker}=${run}`)
    const hang = setTimeout(() => killAll(mine()), 15 * minutes)
    child.on('exit', () => {
      // What still runs now may hold our pipes open: it is named and killed before `close` can come.
      const left = mine()
      killAll(left)
      child.on('close', (status, signal) => {
        clearTimeout(hang)
        const files = leftovers(home)
        rmSync(home, { recursive: true, force: true })
        resolve(judge(String(status ?? signal), output, left.length > 0 ? [describe(left), ...files] : files))
      })
    })
  })
}

const files = testFiles(process.argv.slice(2))
const sum: Counts = { passed: 0, failed: 0, skipped: 0 }

async function runAndTell(file: string): Promise<void> {
  const started = Date.now()
  const report = await runFile(file)
  const name = relative(here, file).replace(/\.test\.js$/, '')
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const skipped = report.skipped > 0 ? `, ${report.skipped} skipped` : ''
  console.log(
    `${report.problems.length > 0 ? 'FAIL' : 'ok  '} ${name}  ${report.passed} passed${skipped}  ${seconds} s`,
  )
  if (report.problems.length > 0) console.log(`${report.output}\n${name}: ${report.problems.join('\n')}\n`)
  else for (const line of report.output.match(/^measured .*$/gm) ?? []) console.log(`     ${line}`)
  sum.passed += report.passed
  sum.failed += report.failed
  sum.skipped += report.skipped
}

const atOnce = Number(process.env.JOBSHIM_TEST_FILES ?? Math.min(2, availableParallelism()))
const waiting = [...files]
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runAndTell(file)
  }),
)

const missing = missingClients()
if (missing.length > 0) console.log(`not met here: ${missing.join(', ')}`)
if (files.length === 0) console.log('no test file has such a name')
if (files.length === 0 || (missing.length > 0 && process.env.CI === 'true')) sum.failed += 1
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exitCode = sum.failed > 0 ? 1 : 0
