/**
 * A cache of compiled code: what V8 made of a bundle, in a file for each. The one that newer versions of Node have is written before
 * anything runs, and lacks what is compiled where it is first called: half of it all.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { cacheDirectory } from './cache-directory.js'
import { identityOf } from './identity.js'
import { replaceFile } from './replace-file.js'

const opening = Buffer.from('(function(exports,require,module,__filename,__dirname){')
const closing = Buffer.from('\n})')

type Bundle = (
  exports: unknown,
  require: NodeJS.Require,
  module: NodeJS.Module,
  path: string,
  directory: string,
) => void

/** Has the bundles that are loaded from now on compiled by the first start alone, if there is a directory that only this user can write. */
export function useCompileCache(environment: NodeJS.ProcessEnv): void {
  const { NODE_DISABLE_COMPILE_CACHE: isOff, NODE_OPTIONS: options = '' } = environment
  const directory = isOff ? undefined : cacheDirectory(environment)
  if (directory === undefined || typeof require === 'undefined') return // unbundled, as tests are
  const node = [process.version, process.arch, options, ...process.execArgv].join('-') // V8 refuses what other options made
  const made: (() => void)[] = []
  process.once('exit', () => {
    for (const keepIt of made) keepIt() // as we exit: by then what a start needs has been compiled
  })
  require.extensions['.cjs'] = (module, path) => {
    const cache = join(directory, `${node}${path}`.replaceAll('/', '-'))
    // V8 itself compares no more than its own version and the length of the source.
    const head = Buffer.from(`${identityOf(process.execPath)} ${identityOf(path)}\n`)
    const cachedData = readKept(cache, head)
    // By bytes: a string that V8 has to put together first is there twice, and brings its garbage collector in.
    const source = Buffer.concat([opening, readFileSync(path), closing]).toString()
    const script = new Script(source, {
      filename: path,
      columnOffset: -opening.length,
      ...(cachedData && { cachedData }),
    })
    if (!cachedData || script.cachedDataRejected)
      made.push(() => keep(cache, head, script.createCachedData()))
    const bundle = script.runInThisContext() as Bundle
    bundle.call(module.exports, module.exports, require, module, path, dirname(path)) // all bundles lie in one directory
  }
}

// V8 ends the process over a half of it, or one that a disk has damaged: so it is there as a whole, or not at all, and twice. To compare
// two takes no time; to reckon a sum takes longer than the whole start gains.
function readKept(path: string, head: Buffer): Buffer | undefined {
  try {
    const kept = readFileSync(path)
    const half = head.length + (kept.length - head.length) / 2
    const data = kept.subarray(head.length, half)
    if (data.length === 0) return undefined
    return kept.subarray(0, head.length).equals(head) && data.equals(kept.subarray(half)) ? data : undefined
  } catch {
    return undefined
  }
}

function keep(path: string, head: Buffer, data: Buffer): void {
  try {
    const content = Buffer.concat([head, data, data])
    replaceFile(path, { temporary: `${path}.${process.pid}`, content, mode: 0o600 })
  } catch {
    // a full disk, a path that is too long: it is compiled again
  }
}
