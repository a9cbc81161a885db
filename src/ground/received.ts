/** What we were started with, byte for byte (bytes.ts): the kernel has it in /proc, also what Node has read as U+FFFD. */
import { readFileSync, readlinkSync } from 'node:fs'
import { hasOddBytes, lostByte, replacement, textOf } from './bytes.js'

/**
 * Returns our own words. Without U+FFFD in them Node has read all there is. To be called before `process.title` is set, which writes
 * over them in our memory; NODE_OPTIONS=--title=... has done so by now: then what Node has read as U+FFFD is lost.
 */
export function receivedWords(): string[] {
  const [, , ...words] = process.argv
  if (!words.some(word => word.includes(replacement))) return words
  const raw = readProc('cmdline')?.slice(-words.length) ?? []
  const isWhole = raw.length === words.length && raw.every((bytes, at) => bytes.toString() === words[at])
  return isWhole ? raw.map(textOf) : words.map(word => word.replaceAll(replacement, lostByte))
}

/** Returns our environment. The first variable of a name counts, as for getenv(3). */
export function receivedEnvironment(): NodeJS.ProcessEnv {
  const assignments = receivedAssignments()
  return assignments?.some(hasOddBytes) ? variablesOf(assignments) : process.env
}

/**
 * Returns its lines as they stand there: `NAME=value`, also several of one name, and what is none. Undefined where /proc does not tell:
 * then all have what Node has read. A variable that a command may never look at is no reason to refuse it.
 */
export const receivedAssignments = (): string[] | undefined => readProc('environ')?.map(textOf)

/** Returns the working directory; throws what Node throws where there is none. */
export function receivedDirectory(): string {
  const directory = process.cwd()
  return directory.includes(replacement)
    ? textOf(readlinkSync('/proc/self/cwd', { encoding: 'buffer' }))
    : directory
}

// Each text has a NUL behind it.
function readProc(name: 'cmdline' | 'environ'): Buffer[] | undefined {
  try {
    const bytes = readFileSync(`/proc/self/${name}`)
    const texts: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      const found = bytes.indexOf(0, at)
      const end = found < 0 ? bytes.length : found
      texts.push(bytes.subarray(at, end))
      at = end + 1
    }
    return texts
  } catch {
    return undefined
  }
}

const nameOf = (assignment: string): string => assignment.slice(0, Math.max(0, assignment.indexOf('=')))

function variablesOf(assignments: readonly string[]): NodeJS.ProcessEnv {
  const variables = new Map<string, string>()
  for (const assignment of assignments) {
    const name = nameOf(assignment)
    if (name !== '' && !variables.has(name)) variables.set(name, assignment.slice(name.length + 1))
  }
  return Object.fromEntries(variables)
}

/**
 * Returns the lines of an environment that was made of the one received: what was not changed stands as it stood, and where it stood; what
 * is new stands at the end.
 */
export function assignmentsOf(received: readonly string[], wanted: NodeJS.ProcessEnv): string[] {
  const before = variablesOf(received)
  const seen = new Set([''])
  const kept = received.flatMap(assignment => {
    const name = nameOf(assignment)
    if (name === '') return [assignment] // it has none: nobody can have changed it
    const value = wanted[name]
    const isFirst = !seen.has(name)
    seen.add(name)
    if (value === before[name]) return [assignment]
    return isFirst && value !== undefined ? [`${name}=${value}`] : []
  })
  return [...kept, ...plainAssignments(wanted).filter(assignment => !seen.has(nameOf(assignment)))]
}

/** Returns the lines that Node makes of an environment. */
export const plainAssignments = (wanted: NodeJS.ProcessEnv): string[] =>
  Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
