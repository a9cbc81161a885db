/** A picture on the terminal that is drawn anew once a second. */
import { setTimeout as sleep } from 'node:timers/promises'

const interval = 1000 // ms
const interrupt = '\u0003' // what ^C types where the terminal is raw

/**
 * Shows what `frame` returns, again and again, until q or ^C is typed or a signal asks us to end. A terminal that knows
 * no more than lines (TERM=dumb) shows the pictures below each other.
 */
export async function redraw(frame: () => string): Promise<void> {
  if (process.env.TERM === 'dumb')
    return await untilQuit(async () => void process.stdout.write(`${frame()}\n`))
  const { default: logUpdate } = await import('log-update')
  await untilQuit(async () => logUpdate(frame()))
  logUpdate.done()
}

/** Calls `step` once a second, until as above. */
export async function untilQuit(step: () => Promise<void>): Promise<void> {
  const over = new AbortController()
  const { stdin } = process
  const end = (): void => over.abort()
  const listen = (keys: Buffer): void => {
    if (['q', interrupt].some(key => keys.includes(key))) end()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
  if (stdin.isTTY) stdin.setRawMode(true).on('data', listen)
  try {
    while (!over.signal.aborted) {
      await step()
      await sleep(interval, undefined, { signal: over.signal }).catch(() => undefined)
    }
  } finally {
    if (stdin.isTTY) stdin.off('data', listen).setRawMode(false).pause()
  }
}
