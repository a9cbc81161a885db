/** Whose a pool is. */
import { readlinkSync, statSync } from 'node:fs'
import { readProcessStat } from '../ground/process-stat.js'

/** The process that a pool belongs to; `pid` is 0 for a server's, in which no command has a slot of its own. */
export type Owner = { pid: number; start: bigint; pidNamespace: bigint }

/**
 * Returns what names this process: its pid is the one that /proc has. Where /proc counts the processes of another PID namespace, or
 * is not there, `pidNamespace` is 0: nobody can tell by a look at /proc who is meant.
 */
export const thisProcess = (): Owner => (own ??= look())

let own: Owner | undefined

function look(): Owner {
  try {
    const pid = Number(readlinkSync('/proc/self'))
    const pidNamespace = pid === process.pid ? BigInt(statSync('/proc/self/ns/pid').ino) : 0n
    return { pid, start: startTime(pid) ?? 0n, pidNamespace }
  } catch {
    return { pid: process.pid, start: process.hrtime.bigint(), pidNamespace: 0n }
  }
}

/** Returns when a process started, in clock ticks since boot; undefined where there is none, or that can't be told. */
export function startTime(pid: number): bigint | undefined {
  const stat = readProcessStat(pid)
  return stat.kind === 'read' ? stat.start : undefined
}
