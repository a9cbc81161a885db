/** What a shim dir holds. */
import { checkShimDirectory, installedNames } from './inspect.js'
import { layoutOf } from './layout.js'
import { findTool, realDirectories } from './real-tools.js'
import { launcherFamily } from './wanted.js'

export type ListedShim = {
  name: string
  tool: string | null // the real tool on PATH now
  family: string | null // null: a tool that was asked for by its name
}

/** Returns the shims in `dir` (absolute), sorted by name; none where there is no such dir. */
export function listShims(dir: string, environment: NodeJS.ProcessEnv): ListedShim[] {
  const layout = layoutOf(dir)
  if (checkShimDirectory(layout, 'use') === 'missing') return []
  const directories = realDirectories(environment.PATH ?? '', dir)
  return installedNames(layout).map(name => ({
    name,
    tool: findTool(name, directories) ?? null,
    family: launcherFamily(name) ?? null,
  }))
}
