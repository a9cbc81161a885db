/** The outline of steps in a window: each step where there are few, else two values for each pixel. */
import type { Window } from './bars.js'
import { eachStretch, type Steps, stepAt } from './steps.js'

/** From `from` to `to`, in microseconds. Where several steps fall into it, their mean over time and the highest. */
export type Level = { from: number; to: number; mean: number; most: number }

/** Returns the levels of a window from left to right, without gaps; no more than about one for each pixel. */
export function levelsOf(steps: Steps, window: Window): Level[] {
  const { from, to, width } = window
  const levels: Level[] = []
  if (stepAt(steps, to) - stepAt(steps, from) <= width) {
    eachStretch(steps, from, to, (start, end, value) =>
      levels.push({ from: start, to: end, mean: value, most: value }),
    )
    return levels
  }
  const pixel = (to - from) / width
  const sums = new Float64Array(width)
  const most = new Float64Array(width)
  eachStretch(steps, from, to, (start, end, value) => {
    const last = Math.min(width - 1, Math.ceil((end - from) / pixel) - 1)
    for (let index = Math.floor((start - from) / pixel); index <= last; index++) {
      const left = from + index * pixel
      const both = Math.min(end, left + pixel) - Math.max(start, left)
      sums[index] = (sums[index] ?? 0) + value * Math.max(0, both)
      if (value > (most[index] ?? 0)) most[index] = value
    }
  })
  for (let index = 0; index < width; index++)
    levels.push({
      from: from + index * pixel,
      to: from + (index + 1) * pixel,
      mean: (sums[index] ?? 0) / pixel,
      most: most[index] ?? 0,
    })
  return levels
}
