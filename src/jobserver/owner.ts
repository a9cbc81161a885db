/** Whose a pool is. */
import { readFileSync, statSync } from 'node:fs'

/** The process that a pool belongs to; `pid` is 0 for a server's, in which no command has a slot of its own. */
export type Owner = { pid: number; start: bigint; pidNamespace: bigint }

/** Returns what names this process. */
export function thisProcess(): Owner {
  return {
    pid: process.pid,
    start: startTime(process.pid) ?? 0n,
    pidNamespace: statSync('/proc/self/ns/pid', { bigint: true }).ino,
  }
}

/**
 * Returns when a process started, in clock ticks since boot, or undefined where there is none.
 * proc_pid_stat(5): the name may hold spaces and parentheses, the last one ends it; the start time is field 22.
 */
export function startTime(pid: number): bigint | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return BigInt(fields[22 - 3] ?? 0)
  } catch {
    return undefined
  }
}
