/** Finds out why tools went past the shims, and what mends it. */
import { dirname } from 'node:path'
import { type BypassReason, bypassReasons } from '../contract/bypass-reasons.js'
import type { Bypass } from './bypass.js'
import { configuredTools } from './configured.js'
import type { BypassingTools } from './tool-watch.js'

const fixOf = (reason: BypassReason, launcher: string): string =>
  bypassReasons[reason].fix.replace('$DIR', dirname(dirname(launcher)))

/** Looks for the file that names the tools, upward from where they worked. `launcher`: its path, for fixes that name it. */
export function explainBypass(tools: BypassingTools, launcher: string): Bypass {
  const { tool, caller, reason, directory, runs, seconds } = tools
  const found = (reason === 'noShim' ? [] : upward(directory))
    .flatMap(place => configuredTools(place, { launcher, mayHaveShim: () => true }))
    .find(configured => configured.tool === tool)
  if (found) return { tool, caller, why: 'absolute path', file: found.file, fix: found.fix, runs, seconds }
  return { tool, caller, why: bypassReasons[reason].why, fix: fixOf(reason, launcher), runs, seconds }
}

function upward(directory: string): string[] {
  if (directory === '') return []
  const above = dirname(directory)
  return above === directory ? [directory] : [directory, ...upward(above)]
}
