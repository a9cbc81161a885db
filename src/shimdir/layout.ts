/** Where things are in a shim dir: `docs/protocol.md` has the picture. */
import { dirname, join } from 'node:path'
import { launcherPlace } from '../tools/launcher-path.js'

/**
 * What a shim points to, as the link says it: relative, so that the dir can be moved. A file of its own, so that its realpath
 * has the tool's name, and who watches a compiler's file sees it change.
 */
export const shimTarget = (name: string): string => `.jobshim/bin/${name}`

/** Returns the path of `look`, which lies beside each launcher: in a shim dir, and where both were built. */
export const lookBeside = (launcher: string): string => join(dirname(launcher), 'look')

/** Returns the path of the builtin for bash, where both were built; a shim dir has none. It may be missing. */
export const builtinBeside = (launcher: string): string => join(dirname(launcher), 'bash-sandbox.so')

/** The name of a file in `bin` that is no tool's: no shim may have it. */
export const relayName = 'look'

export type Layout = {
  dir: string
  own: string // everything but the links
  launcher: string
  look: string // what jobshim's own commands have done by a program in C
  relay: string // a copy of it, which launchers become if they must wait; in `bin`, so that it is taken for a launcher
  bin: string // what the shims lead to, by tool name: copies of the launcher, written by itself
  adapters: string // links to those of them that adapt what starts tools
  manifest: string
  tools: string // flat files for the launcher, by tool name
  wanted: string // what install was asked for
  rules: string // what tool runs may cost, for the launcher
  costs: string // what they did cost, written by launchers, by tool name
  versions: string // the launcher's own: versions of clients, by tool name
  shim: (name: string) => string
  file: (name: string) => string // in `bin`
  toolFile: (name: string) => string
}

/** Returns the paths of a shim dir. */
export function layoutOf(dir: string): Layout {
  const own = join(dir, '.jobshim')
  const bin = join(own, 'bin')
  const tools = join(own, 'tools')
  return {
    dir,
    own,
    launcher: join(dir, launcherPlace),
    look: lookBeside(join(dir, launcherPlace)),
    relay: join(bin, relayName),
    bin,
    adapters: join(own, 'adapters'),
    manifest: join(own, 'manifest.json'),
    tools,
    wanted: join(own, 'wanted'),
    rules: join(own, 'rules'),
    costs: join(own, 'costs'),
    versions: join(own, 'versions'),
    shim: name => `${dir}/${name}`,
    file: name => join(bin, name),
    toolFile: name => join(tools, name),
  }
}

/** Files that are being written, in `.jobshim`; what a killed install left of them is removed by the next one. */
export const temporaryPrefix = 'new-'
