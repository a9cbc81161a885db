/** One test file, run as a process of its own in directories of its own. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, killUntilNone, processesOf } from './processes.js'

export type Counts = { passed: number; failed: number; skipped: number }
export type Report = Counts & {
  problems: string[]
  output: string
  wallSeconds: number
  cpuSeconds: number // of the file and of all that it has waited for
}

const marker = 'JOBSHIM_TEST_RUN'
const minutes = 60_000
const spent = fileURLToPath(new URL('spent.js', import.meta.url))

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

/**
 * A file has passed if it exits 0 *and* uvu's summary says that it ran tests and all of them passed (uvu exits 0 for
 * a file that forgot its `.run()`), and if it left neither a process nor a file behind.
 */
function judge(end: string, output: string, left: readonly string[]): Counts & { problems: string[] } {
  const counts = counted(output)
  const problems = [
    ...(end === '0' ? [] : [`ended with ${end}`]),
    ...(counts === undefined ? ['no summary: does it end with test.run()?'] : []),
    ...(counts && counts.passed + counts.failed + counts.skipped === 0 ? ['has no test'] : []),
    ...(counts && counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(left.length > 0 ? [`left behind:\n${left.join('\n')}`] : []),
  ]
  const { passed = 0, failed = 0, skipped = 0 } = counts ?? {}
  return { passed, failed: failed || (problems.length > 0 ? 1 : 0), skipped, problems }
}

/** Runs a test file; `env` is what all files of this run are told. */
export function runFile(file: string, env: Readonly<Record<string, string>>): Promise<Report> {
  const home = mkdtempSync(join(tmpdir(), 'jobshim-test-'))
  const places = { TMPDIR: 'tmp', XDG_RUNTIME_DIR: 'run', XDG_DATA_HOME: 'data', XDG_CONFIG_HOME: 'config' }
  for (const name of Object.values(places)) mkdirSync(join(home, name), { mode: 0o700 })
  const run = randomUUID()
  const spentFile = join(home, 'spent')
  const started = performance.now()
  const child = spawn(process.execPath, ['--import', spent, file], {
    env: {
      ...process.env,
      ...env,
      ...Object.fromEntries(Object.entries(places).map(([name, place]) => [name, join(home, place)])),
      [marker]: run,
      JOBSHIM_TEST_SPENT: spentFile,
      NO_COLOR: '1',
      FORCE_COLOR: '0',
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const mine = () => processesOf(child.pid ?? -1, `${marker}=${run}`)
  const hang = setTimeout(() => killUntilNone(mine), 15 * minutes)
  return new Promise(resolve => {
    child.on('exit', () => {
      // What still runs now may hold our pipes open: it is named and killed before `close` can come.
      const left = killUntilNone(mine)
      child.on('close', (status, signal) => {
        clearTimeout(hang)
        const files = leftovers(home)
        const cpuSeconds = existsSync(spentFile) ? Number(readFileSync(spentFile, 'utf8')) : 0
        rmSync(home, { recursive: true, force: true })
        const wallSeconds = (performance.now() - started) / 1000
        const all = left.length > 0 ? [describe(left), ...files] : files
        resolve({ ...judge(String(status ?? signal), output, all), output, wallSeconds, cpuSeconds })
      })
    })
  })
}
