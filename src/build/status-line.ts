/** The status line of a run: the little that is loaded at its start. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'
import type { Pool } from '../jobserver/pool.js'

const firstLook = 1000 // ms: who runs a short command is not to see it flash
const interval = 500

/**
 * Shows from the first second on, where stderr is a terminal that allows it, how far the run of a pool is. Returns the end
 * of it: nothing is drawn once that has resolved, and it never rejects.
 */
export function showProgress(
  pool: Pool,
  countFree: () => Promise<number | undefined>,
  look: string,
  environment: NodeJS.ProcessEnv,
): () => Promise<void> {
  let over: AbortController | undefined
  let showing: Promise<void> | undefined
  const timer = setTimeout(() => {
    if (!isatty(2)) return
    over = new AbortController()
    showing = show(pool, countFree, look, environment, over.signal).catch(() => undefined)
  }, firstLook)
  return async () => {
    clearTimeout(timer)
    over?.abort()
    await showing
  }
}

async function show(
  pool: Pool,
  countFree: () => Promise<number | undefined>,
  look: string,
  environment: NodeJS.ProcessEnv,
  over: AbortSignal,
): Promise<void> {
  const [{ allowsBottomLine, openBottomLine }, { progressText, readProgress }] = await Promise.all([
    import('../launcher/bottom-line.js'),
    import('./progress.js'),
  ])
  if (over.aborted || !allowsBottomLine(environment)) return
  const line = openBottomLine(look)
  const aborted = new Promise<undefined>(resolve => over.addEventListener('abort', () => resolve(undefined)))
  try {
    let done = 0 // it is known from below: a later look may know less
    while (!over.aborted && line.isOpen()) {
      const free = await Promise.race([countFree(), aborted])
      if (free === undefined) break
      const progress = readProgress(pool, free)
      done = Math.max(done, progress.done)
      const [width] = process.stderr.getWindowSize()
      line.draw(progressText({ ...progress, done }, width, !environment.NO_COLOR))
      await sleep(interval, undefined, { signal: over })
    }
  } finally {
    await line.close()
  }
}
