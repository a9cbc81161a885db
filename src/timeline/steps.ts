/** A quantity that changes at instants: slots in use, runs that wait, memory. */
import { firstIndex } from './search.js'

/** It is `values[i]` from `at[i]` on, and 0 before the first. Instants rise. Arrays of numbers alone: there may be 100,000. */
export type Steps = { at: Float64Array; values: Float64Array }

/** From `from` up to `to` something adds `amount`. */
export type Span = { from: number; to: number; amount: number }

/** Returns the sum of all spans. One that is empty adds nothing. */
export function sumOf(spans: readonly Span[]): Steps {
  const real = spans.filter(({ from, to, amount }) => to > from && amount !== 0)
  const count = real.length
  const changes = new Float64Array(2 * count) // where each span begins, then where each ends
  for (const [index, { from, to }] of real.entries()) {
    changes[index] = from
    changes[count + index] = to
  }
  const order = Uint32Array.from(changes.keys()).sort((a, b) => (changes[a] ?? 0) - (changes[b] ?? 0))
  const at = new Float64Array(2 * count)
  const values = new Float64Array(2 * count)
  let steps = 0
  let value = 0
  for (const change of order) {
    const instant = changes[change] ?? 0
    const amount = real[change % count]?.amount ?? 0
    value += change < count ? amount : -amount
    if (steps === 0 || at[steps - 1] !== instant) at[steps++] = instant
    values[steps - 1] = value
  }
  return { at: at.slice(0, steps), values: values.slice(0, steps) }
}

/** Returns the index of the step that holds at an instant, -1 before the first. */
export const stepAt = ({ at }: Steps, instant: number): number =>
  firstIndex(at.length, index => (at[index] ?? 0) > instant) - 1

export const valueAt = (steps: Steps, instant: number): number => steps.values[stepAt(steps, instant)] ?? 0

export const peakOf = ({ values }: Steps): number => values.reduce((most, value) => Math.max(most, value), 0)

/** Calls `visit` with the stretches of `from` to `to` in which the value is the same, in order and without gaps. */
export function eachStretch(
  steps: Steps,
  from: number,
  to: number,
  visit: (from: number, to: number, value: number) => void,
): void {
  let index = stepAt(steps, from)
  let start = from
  while (start < to) {
    const end = Math.min(steps.at[index + 1] ?? to, to)
    if (end > start) visit(start, end, steps.values[index] ?? 0)
    start = end
    index += 1
  }
}

/** Returns the time-weighted mean. */
export function meanOf(steps: Steps, from: number, to: number): number {
  let sum = 0
  eachStretch(steps, from, to, (start, end, value) => {
    sum += value * (end - start)
  })
  return to > from ? sum / (to - from) : 0
}
