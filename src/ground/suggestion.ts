/** "Did you mean": the nearest known name. */
import { closest, distance } from 'fastest-levenshtein'

/** Returns the known name nearest to `name`, or undefined where none is near enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const nearest = closest(name.toLowerCase(), known)
  const allowed = Math.max(2, Math.floor(Math.max(name.length, nearest.length) * 0.4))
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= allowed ? nearest : undefined
}
