/** Finds out why tools went past the shims, and what mends it. */
import { dirname } from 'node:path'
import { type BypassReason, bypassReasons } from '../contract/bypass-reasons.js'
import type { Bypass } from './bypass.js'
import { configuredTools } from './configured.js'
import type { BypassingTools } from './tool-watch.js'

/** Where the tools ran; `launcher`: its path, for fixes that name it. */
export type BypassPlace = { launcher: string; isSandboxed: boolean }

/** Looks for the file that names the tools, upward from where they worked: in a sandbox no file is to blame. */
export function explainBypass(tools: BypassingTools, { launcher, isSandboxed }: BypassPlace): Bypass {
  const { tool, caller, reason, directory, runs, seconds } = tools
  const found = (reason === 'noShim' || isSandboxed ? [] : upward(directory))
    .flatMap(place => configuredTools(place, { launcher, mayHaveShim: () => true }))
    .find(configured => configured.tool === tool)
  if (found) return { tool, caller, why: 'absolute path', file: found.file, fix: found.fix, runs, seconds }
  const { why, fix } = reasonOf(reason, isSandboxed)
  return { tool, caller, why, fix: fix.replace('$DIR', dirname(dirname(launcher))), runs, seconds }
}

function reasonOf(reason: BypassReason, isSandboxed: boolean): { why: string; fix: string } {
  const row = bypassReasons[reason]
  return isSandboxed && 'inSandbox' in row ? row.inSandbox : row
}

function upward(directory: string): string[] {
  if (directory === '') return []
  const above = dirname(directory)
  return above === directory ? [directory] : [directory, ...upward(above)]
}
