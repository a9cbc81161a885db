/** Which trees were configured with tools that go past the shims: by their absolute paths. */
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { familyOf } from '../contract/families.js'
import { wrappers } from '../contract/wrappers.js'
import { readSmallFile } from '../ground/small-file.js'
import { hasShims, isLauncher, launcherPlace } from '../tools/launcher-path.js'
import { type BuildSystem, buildSystems } from './build-systems.js'
import type { TreeAdvice } from './tree-advice.js'

export type Configured = {
  file: string // absolute path of the file
  tool: string // the absolute path that it names
  system: string // the build system's name
  advice: TreeAdvice
}

export type ConfiguredOptions = {
  mayHaveShim?: (name: string) => boolean // default: names of the known families and wrappers
  launcher?: string // for an advice that names it
  dirArgument?: string // likewise, behind `jobshim run`
}

/** Returns the tools that the build systems of a directory (absolute) call past the shims, each once for each file. */
export function configuredTools(directory: string, options: ConfiguredOptions = {}): Configured[] {
  return buildSystems.flatMap(system => toolsOf(system, directory, options))
}

function toolsOf(system: BuildSystem, directory: string, options: ConfiguredOptions): Configured[] {
  const { mayHaveShim = isTool, launcher = `DIR/${launcherPlace}`, dirArgument = '' } = options
  const path = join(directory, system.file)
  if (system.writtenBy?.some(file => existsSync(join(directory, file)))) return []
  const text = readSmallFile(path)
  if (text === undefined) return []
  const toolIn = (words: readonly string[]): string | undefined => {
    const tool = bypassingTool(words)
    return tool !== undefined && mayHaveShim(basename(tool)) ? tool : undefined
  }
  const place = {
    directory,
    launcher,
    dirArgument,
    goesPast: (words: readonly string[]) => toolIn(words) !== undefined,
  }
  const found = new Map<string, Configured>()
  for (const { words, advice, file = path } of system.commands(text, place)) {
    const tool = toolIn(words)
    if (tool === undefined || found.has(`${file}\0${tool}`)) continue
    found.set(`${file}\0${tool}`, { file, tool, system: system.name, advice })
  }
  return found.size > 0 && system.isMade?.(path) ? [] : [...found.values()]
}

const isTool = (name: string): boolean =>
  familyOf(name) !== undefined || wrappers.some(wrapper => wrapper.name === name)

/**
 * Returns the absolute path by which a command starts its tool past the shims; undefined where it finds the tool on PATH,
 * or starts a shim, a launcher, or ccache, which starts its compiler by CCACHE_PREFIX.
 */
export function bypassingTool([first = '']: readonly string[]): string | undefined {
  if (
    !first.startsWith('/') ||
    isLauncher(first) ||
    hasShims(dirname(first)) ||
    programOf(first) === 'ccache'
  )
    return undefined
  return first
}

function programOf(path: string): string {
  try {
    return basename(realpathSync(path))
  } catch {
    return basename(path)
  }
}

/** Limits of a search. */
export type SearchLimits = { depth: number; directories: number }

/** `cut`: there was more than the limits let it see. */
export type ConfiguredSearch = { found: Configured[]; cut: boolean }

const usualLimits: SearchLimits = { depth: 6, directories: 4000 }

/** Directories that hold no build of their own: other people's sources, histories, what a build system keeps for itself. */
const skipped = new Set(['.git', '.hg', '.jobshim', '.svn', 'CMakeFiles', 'node_modules'])

/** Searches a tree (absolute), nearest directories first. Follows no symlink. */
export function findConfigured(
  root: string,
  options: ConfiguredOptions & Partial<SearchLimits> = {},
): ConfiguredSearch {
  const limits = { ...usualLimits, ...options }
  const found: Configured[] = []
  let level = [root]
  let looked = 0
  for (let depth = 0; level.length > 0; depth++) {
    const looks = depth > limits.depth ? [] : level.slice(0, limits.directories - looked)
    found.push(...looks.flatMap(directory => configuredTools(directory, options)))
    looked += looks.length
    if (looks.length < level.length) return { found, cut: true }
    level = looks.flatMap(directoriesIn)
  }
  return { found, cut: false }
}

function directoriesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && !skipped.has(entry.name))
      .map(({ name }) => join(directory, name))
      .sort()
  } catch {
    return [] // not ours to see, or gone
  }
}
