/**
 * What ccache's config says, without asking ccache at each start, which takes two programs. The answer is kept for as long as
 * all that it depends on is the same: the program, its variables, its config files.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheDirectory } from '../ground/cache-directory.js'
import { identityOf } from '../ground/identity.js'
import { replaceFile } from '../ground/replace-file.js'
import { type CcachePrefixes, readConfigFiles, readPrefixes } from './ccache.js'

type Kept = CcachePrefixes & {
  circumstances: string
  files: readonly { path: string; identity: string }[] // the config files, also those that are not there
}

/** As `askPrefixes`, for the ccache at the path `program` in one of these directories. */
export async function ccachePrefixes(
  program: string,
  directories: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<CcachePrefixes | undefined> {
  // Without a home nothing is kept.
  const place = environment.HOME ? cacheDirectory(environment) : undefined
  if (place === undefined || hasDirectoryConfig(process.cwd())) return readPrefixes(directories, environment)
  const path = join(place, 'ccache.json')
  const circumstances = circumstancesOf(program, environment)
  const kept = readKept(path)
  if (kept?.circumstances === circumstances && kept.files.every(isUnchanged)) return kept
  const files = (await readConfigFiles(directories, environment))?.map(file => ({
    path: file,
    identity: identityOf(file),
  }))
  const answer = await readPrefixes(directories, environment)
  if (answer && files && isBinary(program) && files.every(file => isUnchanged(file) && isSettled(file.path)))
    keep(path, { ...answer, circumstances, files })
  return answer
}

// Newer versions of ccache read one of the working directory, or of one above it.
const hasDirectoryConfig = (directory: string): boolean =>
  existsSync(join(directory, 'ccache.conf')) || (directory !== '/' && hasDirectoryConfig(dirname(directory)))

function circumstancesOf(program: string, environment: NodeJS.ProcessEnv): string {
  const { HOME: home = '', XDG_CONFIG_HOME: config } = environment
  const variables = Object.entries(environment).filter(([name]) => name.startsWith('CCACHE_'))
  return JSON.stringify([
    program,
    identityOf(program),
    home,
    existsSync(join(home, '.ccache')),
    config,
    variables.sort(),
  ])
}

const isUnchanged = ({ path, identity }: Kept['files'][number]): boolean => identityOf(path) === identity

// One that was written just now might change again within a tick of its clock; one with a `$` depends on any variable.
function isSettled(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return !stats || (Date.now() - stats.mtimeMs > 2000 && !readFileSync(path, 'utf8').includes('$'))
}

// What a script starts may change without it.
function isBinary(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const magic = Buffer.alloc(4)
    return readSync(file, magic) === 4 && magic.toString('latin1') === '\x7fELF'
  } finally {
    closeSync(file)
  }
}

function readKept(path: string): Kept | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Kept
  } catch {
    return undefined // not there, or half a file
  }
}

function keep(path: string, kept: Kept): void {
  try {
    const content = Buffer.from(JSON.stringify(kept))
    replaceFile(path, { temporary: `${path}.${process.pid}`, content, mode: 0o600 })
  } catch {
    // a full disk: it is asked again
  }
}
