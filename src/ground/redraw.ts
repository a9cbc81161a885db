/** A picture on the terminal that is drawn anew once a second. */
import { setTimeout as sleep } from 'node:timers/promises'

const interval = 1000 // ms
const interrupt = '\u0003' // what ^C types where the terminal is raw

const rowsElse = 24

/**
 * Shows what `frame` returns, lines each with a newline, again and again, until q or ^C is typed or a signal asks us to end. It is told
 * how many lines there is room for. A terminal that knows no more than lines (TERM=dumb) shows the pictures below each other.
 */
export async function redraw(frame: (rows: number) => string): Promise<void> {
  const { stdout } = process
  const rows = (): number => (stdout.rows || rowsElse) - 1 // the cursor stands below
  if (process.env.TERM === 'dumb')
    return await untilQuit(async () => void process.stdout.write(`${frame(rows())}\n`))
  const { default: logUpdate } = await import('log-update')
  // What a resized terminal has made of the last picture is not known.
  const begin = (): void => {
    logUpdate.clear()
    process.stdout.write('\x1b[H\x1b[J')
  }
  await untilQuit(async () => logUpdate(frame(rows()).trimEnd()), begin)
  logUpdate.done()
}

/** Calls `step` once a second, and if the terminal is resized, `resized` before it, until as above. */
export async function untilQuit(step: () => Promise<void>, resized: () => void = () => {}): Promise<void> {
  const over = new AbortController()
  let pause = new AbortController()
  const { stdin, stdout } = process
  const end = (): void => {
    over.abort()
    pause.abort()
  }
  const again = (): void => {
    resized()
    pause.abort()
  }
  const listen = (keys: Buffer): void => {
    if (['q', interrupt].some(key => keys.includes(key))) end()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
  if (stdin.isTTY) stdin.setRawMode(true).on('data', listen)
  stdout.on('resize', again)
  try {
    while (!over.signal.aborted) {
      pause = new AbortController()
      await step()
      await sleep(interval, undefined, { signal: pause.signal }).catch(() => undefined)
    }
  } finally {
    stdout.off('resize', again)
    if (stdin.isTTY) stdin.off('data', listen).setRawMode(false).pause()
  }
}
