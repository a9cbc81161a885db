/** How many tokens are free, again and again. Node can't ask a FIFO how much is in it: the launcher does. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { environment as names } from '../ground/environment.js'

export type TokenCounter = {
  /** Returns the number; undefined where it can't be told any more. To be called once at a time. */
  count(): Promise<number | undefined>
  close(): void
}

/**
 * Starts a launcher that counts, one for all the time. Where a ^Z meets a program between fork and exec, who started it waits,
 * and can't stop.
 */
export function openTokenCounter(launcher: string, fifo: string): TokenCounter {
  const env = { [names.jobserver]: `fifo:${fifo}` }
  const child = spawn(launcher, ['--count'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
  child.once('error', () => {}) // there are no lines then
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async count() {
      child.stdin.write('\n')
      const { value, done } = await lines.next()
      return done || Number(value) < 0 ? undefined : Number(value)
    },
    close() {
      child.kill('SIGKILL') // it has nothing, and may be stopped
    },
  }
}
