/** The environment of a build that is governed. */
import type { Settings } from '../config/options.js'
import { environment as names } from '../contract/environment.js'
import { layoutOf } from '../shimdir/layout.js'
import { findTool, realDirectories } from '../shimdir/real-tools.js'
import { pathWithShims, usualPath } from '../shimdir/surroundings.js'
import { ccacheVariables } from '../tools/ccache.js'
import { ccachePrefixes } from '../tools/ccache-config.js'

/**
 * Returns it: the shims stand first on PATH, and variables tell them what the config says, unless the caller has set those.
 * A ccache that is called by its path comes through no shim: it gets its prefix here.
 */
export async function withShims(
  environment: NodeJS.ProcessEnv,
  dir: string,
  settings: Settings,
): Promise<NodeJS.ProcessEnv> {
  const directories = realDirectories(environment.PATH || usualPath, dir)
  const program = findTool('ccache', directories)
  const ccache = program === undefined ? undefined : await ccachePrefixes(program, directories, environment)
  return {
    ...withSettings(environment, settings),
    ...ccacheVariables(layoutOf(dir).launcher, ccache, environment),
    PATH: pathWithShims(environment.PATH, dir),
  }
}

/** Returns it for a build in a sandbox: only what adapts programs that start tools stands on PATH. */
export async function withAdapters(
  environment: NodeJS.ProcessEnv,
  dir: string,
  settings: Settings,
): Promise<NodeJS.ProcessEnv> {
  const { ensureAdapterLinks } = await import('../shimdir/adapter-links.js')
  return {
    ...withSettings(environment, settings),
    PATH: pathWithShims(environment.PATH, ensureAdapterLinks(dir)),
  }
}

// What the caller has set comes first, and wins: so all that it has stays in its place.
const withSettings = (environment: NodeJS.ProcessEnv, settings: Settings): NodeJS.ProcessEnv => ({
  ...environment,
  ...unlessSet(environment, names.patience, settings.patience?.toString()),
  ...unlessSet(environment, names.join, settings.join === undefined ? undefined : settings.join ? '1' : '0'),
  ...unlessSet(environment, names.noJobserver, settings.noJobserver),
})

const unlessSet = (
  environment: NodeJS.ProcessEnv,
  name: string,
  value: string | undefined,
): NodeJS.ProcessEnv => (value === undefined || environment[name] !== undefined ? {} : { [name]: value })
