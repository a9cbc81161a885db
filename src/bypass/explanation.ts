/** Finds out why tools went past the shims, and what mends it. */
import { dirname } from 'node:path'
import { bypassReasons, pathless } from '../contract/bypass-reasons.js'
import type { Bypass } from './bypass.js'
import { configuredTools } from './configured.js'
import type { BypassingTools } from './tool-watch.js'

/** Looks for the file that names the tools, upward from where they worked. `launcher`: its path, for fixes that name it. */
export function explainBypass(tools: BypassingTools, launcher: string): Bypass {
  const { tool, caller, reason, directory, runs, seconds } = tools
  const found = (pathless.has(reason) ? [] : upward(directory))
    .flatMap(place => configuredTools(place, { launcher, mayHaveShim: () => true }))
    .find(configured => configured.tool === tool)
  if (found)
    return { tool, caller, why: 'absolute path', file: found.file, fix: found.advice.fix, runs, seconds }
  const { why, fix } = bypassReasons[reason]
  return { tool, caller, why, fix: fix.replace('$DIR', dirname(dirname(launcher))), runs, seconds }
}

function upward(directory: string): string[] {
  if (directory === '') return []
  const above = dirname(directory)
  return above === directory ? [directory] : [directory, ...upward(above)]
}
