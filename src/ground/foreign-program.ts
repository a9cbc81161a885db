/** Whether a program is one of this machine's kind, by its first bytes. */
import { closeSync, constants, openSync, readSync } from 'node:fs'

/**
 * Returns true for a file that is neither a script nor a program of the machine that Node is for. What the kernel does not know is given to a
 * shell by execvp(3), as a script.
 */
export function isForeignProgram(path: string): boolean {
  const [head, ours] = [headOf(path), headOf(process.execPath)]
  if (head === undefined || ours === undefined) return false // not ours to read
  return head.toString('latin1', 0, 2) !== '#!' && machineIn(head) !== machineIn(ours)
}

/** Returns what an ELF header says of the machine, elf(5): magic, class and byte order, and the machine's number. */
const machineIn = (head: Buffer): string =>
  Buffer.concat([head.subarray(0, 6), head.subarray(18, 20)]).toString('hex')

function headOf(path: string): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const head = Buffer.alloc(20)
    return head.subarray(0, readSync(file, head))
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
