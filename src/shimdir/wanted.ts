/** Which shims are wanted. Pure but for the search of PATH that it is given. */

import { adapterOf } from '../contract/adapters.js'
import { familyNames, familyOf, isFamily } from '../contract/families.js'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { wrappers } from '../contract/wrappers.js'
import { hasOddBytes } from '../ground/bytes.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import type { CcachePrefixes } from '../tools/ccache.js'
import { isToolName } from '../tools/tool-name.js'
import { relayName } from './layout.js'
import type { WantedShim } from './plan.js'
import type { FoundOnPath } from './real-tools.js'
import { isWished, type ShimWishes, type Wish, wishOf } from './wish.js'

export type PathView = Pick<FoundOnPath, 'names' | 'isTool'> & {
  pathOf?: FoundOnPath['pathOf']
  ccache?: CcachePrefixes | undefined // what ccache's own config says
}

/** Returns the wanted shims by name. Throws `Failure` for a tool that was asked for and isn't on PATH. */
export function wantedShims(wishes: ShimWishes, path: PathView): WantedShim[] {
  const wish = wishOf(wishes)
  const named = (wishes.tools ?? []).flatMap(tool => namesFor(tool, path))
  const wished = path.names.filter(name => isWished(wish, name)).filter(path.isTool)
  return shimsOf([...named, ...wished], wish, path)
}

/** Returns the shims that a dir of that wish lacks: of tools that are on PATH, and whose names are not among these. */
export function lackingShims(wish: Wish, names: readonly string[], path: PathView): WantedShim[] {
  const known = new Set(names)
  const lacking = path.names.filter(name => !known.has(name) && isWished(wish, name))
  return shimsOf(lacking.filter(path.isTool), wish, path)
}

const shimsOf = (names: readonly string[], wish: Wish, path: PathView): WantedShim[] =>
  [...new Set(names)].sort().map(name => ({ name, toolFile: renderToolFile(name, wish, path) }))

function namesFor(wish: string, path: PathView): string[] {
  if (!isToolName(wish) || wish === relayName)
    throw new Failure(
      `--tools: ${JSON.stringify(wish)} can't be the name of a tool`,
      `name families (${familyNames.join(', ')}) or tools as they are called`,
      exitCodes.usage,
    )
  const names = isFamily(wish) ? path.names.filter(name => familyOf(name) === wish) : [wish]
  const found = names.filter(path.isTool)
  if (found.length === 0)
    throw new Failure(`${wish}: not found on PATH`, 'install it, or leave it out of --tools')
  return found
}

const wrapperFamilies = new Map<string, string>(wrappers.map(({ name, family }) => [name, family]))

/** Returns the family that the launcher has to know for this name, or undefined. */
export const launcherFamily = (name: string): string | undefined =>
  adapterOf(name)?.family ?? wrapperFamilies.get(name) ?? familyOf(name)

// The environment wins over ccache's config: the launcher, which sets it, has to know what the config said.
function prefixLines(ccache: CcachePrefixes | undefined): [key: string, value: string | undefined][] {
  return [
    ['prefix', ccache?.prefix || undefined],
    ['cpp-prefix', ccache?.cppPrefix || undefined],
  ]
}

const longestReal = 500 // what the launcher has room for

/** Returns the line that tells the launcher where the tool is: where PATH has none, and whose file the shim's stands for. */
export const realLine = (path = ''): string =>
  path.length > longestReal || path.includes('\n') || hasOddBytes(path) ? 'real=\n' : `real=${path}\n`

const linesOf = (entries: readonly [key: string, value: string | undefined][]): string =>
  entries.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`])).join('')

function renderToolFile(name: string, { join, settings }: Wish, { ccache, pathOf }: PathView): string {
  const own = linesOf([
    ['family', launcherFamily(name)],
    ['join', join && adapterOf(name) !== undefined ? '1' : undefined],
  ])
  const prefixes = name === 'ccache' ? linesOf(prefixLines(ccache)) : ''
  const text = `${own}${settings}${prefixes}${pathOf ? realLine(pathOf(name)) : ''}`
  if (text.length > ledgerLayout.toolFileMax) throw new Error(`tool file of ${name} too large`)
  return text
}
