/** Builds the launcher, and `look`, where the package came without. */
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Failure } from '../ground/failure.js'
import { trustOf } from '../ground/trust.js'
import { builtByUser, builtWithPackage, findLauncher, launcherSources } from './launcher.js'
import { lookBeside } from './layout.js'
import { realDirectories } from './real-tools.js'

/** Returns the path of a built launcher; builds it first where there is none. Throws `Failure` where that fails. */
export async function findOrBuildLauncher(environment: NodeJS.ProcessEnv): Promise<string> {
  const built = findLauncher(environment)
  if (built) return built
  const output = isWritable(launcherSources) ? builtWithPackage : builtByUser(environment)
  await build(output, environment)
  return output
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
async function build(output: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const trust = trustOf(dirname(output), 'group')
  if (trust.kind === 'foreign' || trust.kind === 'open')
    throw new Failure(
      `${output}: can't build the launcher: ${trust.at}: ${trust.what}`,
      'set XDG_DATA_HOME to a directory of yours',
    )
  mkdirSync(dirname(output), { recursive: true })
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
  )
}
