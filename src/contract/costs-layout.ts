/**
 * What a tool's runs cost in memory, as launchers count it: `.jobshim/costs/NAME` has a histogram of the peak for each kind
 * of run, of little-endian 32 bit counters. The launcher's view of it is generated into `shims/contract.h`.
 */
import { type RunKind, runKinds } from './run-kinds.js'

/** A kind of run that is counted. */
export type CostKind = Exclude<RunKind, 'probe'>

/** All of them, in the file's order. */
export const costKinds = runKinds.filter((kind): kind is CostKind => kind !== 'probe')

const buckets = 160 // a kind; the last one begins at 1.75 PiB
const counterBytes = 4

export const costsLayout = {
  kinds: costKinds.length,
  buckets,
  counterBytes,
  fileBytes: costKinds.length * buckets * counterBytes,
} as const

/**
 * Returns the most KiB that are counted in a bucket: up to 3 KiB there is one for each KiB, then there are four for each power
 * of two, so that this bound is at most a quarter too much. The last bucket has all that is more, too.
 */
export function upperBound(bucket: number): number {
  if (bucket < 4) return bucket
  const power = Math.floor((bucket + 4) / 4)
  return (5 + (bucket % 4)) * 2 ** (power - 2) - 1
}

const costBounds: readonly number[] = Array.from({ length: buckets }, (_, bucket) => upperBound(bucket))

/** Returns the bucket that a peak of so many KiB is counted in. */
export function bucketOf(kib: number): number {
  const bucket = costBounds.findIndex(bound => kib <= bound)
  return bucket === -1 ? buckets - 1 : bucket
}

/** Returns the bucket that so many of 100 runs do not exceed; undefined where there were none. */
export function percentile(counters: readonly number[], percent: number): number | undefined {
  const runs = counters.reduce((sum, count) => sum + count, 0)
  let left = Math.max(1, Math.ceil((runs * percent) / 100))
  const bucket = counters.findIndex(count => {
    left -= count
    return left <= 0
  })
  return bucket === -1 ? undefined : bucket
}
