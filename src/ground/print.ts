/** Writes text at once. `process.stdout` would do the same with Node's streams and sockets, which take 3 to 5 ms to load. */
import { writeSync } from 'node:fs'
import { bytesOf } from './bytes.js'
import { Failure, systemErrorCode } from './failure.js'
import { visible } from './visible.js'

/** Writes to stdout, or to another descriptor, what people read: whatever it names, no terminal does more than show it. */
export const print = (text: string, descriptor = 1): void => printExact(visible(text), descriptor)

/**
 * Writes the same as it is: text for programs, or text that is visible and was coloured since. Throws `Failure` if stdout does not take it;
 * but a reader that has seen enough is not our failure, and of a stderr that does not nobody can be told.
 */
export function printExact(text: string, descriptor = 1): void {
  const bytes = bytesOf(text)
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written)
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === undefined) throw error
      if (code !== 'EAGAIN' && (code === 'EPIPE' || descriptor !== 1)) return
      if (code !== 'EAGAIN')
        throw new Failure(`can't write to stdout: ${code}`, 'make room there, or send it elsewhere')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5) // a full pipe that somebody made non-blocking
    }
  }
}

/** Tells the user a line, or several, beside a command's own output. */
export const say = (text: string): void => print(`${text}\n`, 2)
