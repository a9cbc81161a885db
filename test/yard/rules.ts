/** Rules for the tool `hold`, as `jobshim run` would hand them on. */
import { join } from 'node:path'
import { writeFiles } from '../support/workspace.js'
import { type Held, start } from './held.js'
import { isGated } from './ledger.js'
import type { Yard } from './yard.js'

/** The yard's environment with these lines as rules. */
export function ruled({ root, governed }: Yard, name: string, ...lines: string[]): Record<string, string> {
  writeFiles(root, { [`rules-${name}`]: `${lines.join('\n')}\n` })
  return { ...governed, JOBSHIM_RULES: join(root, `rules-${name}`) }
}

/** Starts a holder and waits until it holds. */
export async function holding(env: Record<string, string>): Promise<Held> {
  const held = start({ env })
  await held.tools
  return held
}

/** Starts one and waits until a gate stops it. */
export async function gated(yard: Yard, env: Record<string, string>): Promise<Held> {
  const held = start({ env })
  await isGated(yard, held)
  return held
}
