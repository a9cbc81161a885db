/** What the tools of a shim dir did cost. Others may write there: nothing is believed but the size. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type CostKind, costKinds, costsLayout, percentile, upperBound } from '../contract/costs-layout.js'
import { systemErrorCode } from '../ground/failure.js'
import { checkShimDirectory, costNames } from './inspect.js'
import { layoutOf } from './layout.js'

/** The peaks of one kind of run, in KiB: each is the upper bound of the bucket that it was counted in. */
export type KindCosts = {
  kind: CostKind
  runs: number
  medianKiB: number
  p95KiB: number // 95 of 100 runs needed no more
  mostKiB: number
}

export type ToolCosts = { tool: string } & (
  | { state: 'counted'; kinds: readonly KindCosts[] }
  | { state: 'unreadable'; why: string }
)

/** Returns what is known of the tools of `dir` (absolute), sorted by name; nothing where there is no such dir. */
export function listCosts(dir: string): ToolCosts[] {
  const layout = layoutOf(dir)
  if (checkShimDirectory(layout, 'use') === 'missing') return []
  return costNames(layout)
    .sort()
    .map(tool => ({ tool, ...readCosts(join(layout.costs, tool)) }))
}

function readCosts(
  path: string,
): { state: 'counted'; kinds: KindCosts[] } | { state: 'unreadable'; why: string } {
  try {
    // No symlink is followed, and a FIFO is not waited for.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stats = fstatSync(file)
      if (!stats.isFile()) return { state: 'unreadable', why: 'not a plain file' }
      const bytes = Buffer.alloc(costsLayout.fileBytes)
      if (stats.size !== bytes.length || readSync(file, bytes, 0, bytes.length, 0) !== bytes.length)
        return { state: 'unreadable', why: `${stats.size} bytes, not ${bytes.length}` }
      return { state: 'counted', kinds: kindCosts(bytes) }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    return { state: 'unreadable', why: code === 'ELOOP' ? 'not a plain file' : `can't be read (${code})` }
  }
}

function kindCosts(bytes: Buffer): KindCosts[] {
  const { buckets, counterBytes } = costsLayout
  return costKinds.flatMap((kind, index) => {
    const counters = Array.from({ length: buckets }, (_, bucket) =>
      bytes.readUInt32LE((index * buckets + bucket) * counterBytes),
    )
    const bound = (percent: number): number => upperBound(percentile(counters, percent) ?? 0)
    const runs = counters.reduce((sum, count) => sum + count, 0)
    if (runs === 0) return []
    return [{ kind, runs, medianKiB: bound(50), p95KiB: bound(95), mostKiB: bound(100) }]
  })
}
