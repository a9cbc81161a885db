/** Finds out why tools went past the shims, and what mends it. */
import { dirname } from 'node:path'
import type { PastTools } from '../jobserver/tool-watch.js'
import type { Bypass } from './bypass.js'
import { configuredTools } from './configured.js'

/** By the reasons that a launcher gives (shims/sight.c). */
const fixes: Readonly<Record<string, string>> = {
  'called by its path': 'have it called by its name, or by the path of its shim',
  'the shims are not first on its PATH':
    'have what changes PATH put the shim dir first: eval "$(jobshim env)"',
  'its PATH is without the shims': 'have what sets PATH put the shim dir first: eval "$(jobshim env)"',
}

/** Looks for the file that names the tools, upward from where they worked. `launcher`: its path, for fixes that name it. */
export function explainPast(past: PastTools, launcher: string): Bypass {
  const { tool, caller, why, directory, runs, seconds } = past
  const found = upward(directory)
    .flatMap(place => configuredTools(place, { launcher, mayHaveShim: () => true }))
    .find(configured => configured.tool === tool)
  if (found) return { tool, caller, why: 'absolute path', file: found.file, fix: found.fix, runs, seconds }
  return { tool, caller, why, fix: fixes[why] ?? '', runs, seconds }
}

function upward(directory: string): string[] {
  if (directory === '') return []
  const above = dirname(directory)
  return above === directory ? [directory] : [directory, ...upward(above)]
}
