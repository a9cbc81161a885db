/** Picks the launcher that is installed, and builds one, and `look`, if none that is there runs. */
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { makeDirectory } from '../ground/make-directory.js'
import { trustOf } from '../ground/trust.js'
import { whyNotRunning } from '../launcher/trial.js'
import { builtByUser, builtWithPackage, foundLaunchers, launcherSources } from './launcher.js'
import { lookBeside } from './layout.js'
import { realDirectories } from './real-tools.js'

/**
 * Returns the path of a launcher that runs here: each that is there is tried, and one is built if none of them runs. Throws `Failure` where that
 * fails, too.
 */
export async function findOrBuildLauncher(environment: NodeJS.ProcessEnv): Promise<string> {
  const refused: string[] = []
  for (const { path, fault } of foundLaunchers(environment)) {
    const why = fault ?? whyNotRunning(path, lookBeside(path))
    if (why === undefined) return path
    refused.push(`${path}: can't be used: ${why}`)
  }
  const own = builtByUser(environment)
  for (const output of isWritable(launcherSources) ? [builtWithPackage, own] : [own]) {
    await build(output, environment, refused)
    const why = whyNotRunning(output, lookBeside(output))
    if (why === undefined) return output
    refused.push(`${output}: built, and can't be used: ${why}`)
  }
  throw new Failure(
    'no launcher runs here',
    'set XDG_DATA_HOME to a directory of yours on a file system that is not mounted noexec',
    undefined,
    refused,
  )
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

// The Makefile writes to a temporary name and renames: two builds at once are harmless.
async function build(
  output: string,
  environment: NodeJS.ProcessEnv,
  refused: readonly string[],
): Promise<void> {
  const trust = trustOf(dirname(output), 'group')
  if (trust.kind === 'foreign' || trust.kind === 'open')
    throw new Failure(
      `${output}: can't build the launcher: ${trust.at}: ${trust.what}`,
      'set XDG_DATA_HOME to a directory of yours',
      undefined,
      refused,
    )
  try {
    makeDirectory(dirname(output))
  } catch (error) {
    throw new Failure(
      `${dirname(output)}: can't be made, and the launcher is to be built there (${systemErrorCode(error)})`,
      'set XDG_DATA_HOME to a directory of yours that you can write',
      undefined,
      refused,
    )
  }
  const { MAKEFLAGS: _, MFLAGS: __, MAKELEVEL: ___, ...inherited } = environment
  const path = realDirectories(environment.PATH ?? '').join(':')
  // What is there counts for nothing, however new: it is another user's.
  const make = spawn(
    'make',
    ['--no-print-directory', '-s', '-j2', '-B', '-C', launcherSources, `OUT=${output}`],
    {
      env: { ...inherited, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  for (const stream of [make.stdout, make.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      said += text
    })
  }
  const end = await new Promise<string>(done => {
    make.on('error', error => done(error.message))
    make.on('close', (status, signal) => {
      if (status !== 0) done(`make ended with ${signal ?? status}`)
      else done([output, lookBeside(output)].every(existsSync) ? '' : 'make made none') // Node takes a death by a real-time signal for status 0
    })
  })
  if (end === '') return
  const lastLine = said.trim().split('\n').at(-1)
  throw new Failure(
    `${output}: can't build the launcher (${end}${lastLine ? `: ${lastLine}` : ''})`,
    'it takes make and a C compiler; install them, or build with npm run build where they are',
    undefined,
    refused,
  )
}
