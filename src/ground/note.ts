/** What people are told beside a command's own output. */
import { print } from './print.js'
import { visible } from './visible.js'

// For all of the process: what is loaded apart has a copy of this module of its own (src/bundle.ts).
const key: unique symbol = Symbol.for('jobshim: notes')
const shared = globalThis as typeof globalThis & { [key]?: Set<string> }

/** Writes a line to stderr, the same one only once. */
export function note(text: string): void {
  shared[key] ??= new Set()
  if (shared[key].has(text)) return
  shared[key].add(text)
  print(`${visible(`jobshim: ${text}`)}\n`, 2)
}
