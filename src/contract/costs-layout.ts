/**
 * What a tool's runs cost in memory, as launchers count it: `.jobshim/costs/NAME` has a histogram of the peak for each kind
 * of run, of little-endian 32 bit counters. The launcher's view of it is generated into `shims/contract.h`.
 */

/** The kinds of run that are counted, in the file's order. */
export const costKinds = ['compile', 'link', 'preprocess', 'other'] as const

export type CostKind = (typeof costKinds)[number]

const buckets = 160 // a kind; the last one begins at 1.75 PiB
const counterBytes = 4

export const costsLayout = {
  kinds: costKinds.length,
  buckets,
  counterBytes,
  fileBytes: costKinds.length * buckets * counterBytes,
} as const

/**
 * Returns the bucket that a peak of so many KiB is counted in: up to 3 KiB one for each KiB, then four for each power of
 * two, so that its upper bound is at most a quarter too much.
 */
export function bucketOf(kib: number): number {
  if (kib < 4) return kib
  const power = Math.floor(Math.log2(kib))
  return Math.min(buckets - 1, 4 * power - 4 + (Math.floor(kib / 2 ** (power - 2)) % 4))
}

/** Returns the most KiB that are counted in a bucket. */
export function upperBound(bucket: number): number {
  if (bucket < 4) return bucket
  const power = Math.floor((bucket + 4) / 4)
  return (5 + (bucket % 4)) * 2 ** (power - 2) - 1
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
