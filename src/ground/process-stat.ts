/** What /proc/PID/stat tells of a process: proc_pid_stat(5). */
import { readFileSync } from 'node:fs'
import { systemErrorCode } from './failure.js'

export type ProcessStat = {
  kind: 'read'
  name: string // of its first thread, 15 bytes at most
  state: string // a letter: R runs, T is stopped, Z has ended
  parent: number // as /proc counts them: 0 for one outside of its PID namespace
  group: number
  foreground: number // the group in its terminal's foreground; -1: it has no terminal
  start: bigint // clock ticks since boot
}

/** `gone`: there is no such process, or none that this user may see, or no /proc. `unreadable`: its file is there. */
export type ProcessStatResult = ProcessStat | { kind: 'gone' } | { kind: 'unreadable'; code: string }

/** Reads it at this moment, of the process that /proc has under this number; `self`: of ours, whatever its number there is. */
export function readProcessStat(pid: number | 'self'): ProcessStatResult {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8')) // which Node reads at once
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    return code === 'ENOENT' || code === 'ESRCH' ? { kind: 'gone' } : { kind: 'unreadable', code }
  }
}

/** Returns what its line says. The name may hold spaces and parentheses: the last one ends it. */
export function parseProcessStat(line: string): ProcessStatResult {
  const end = line.lastIndexOf(')')
  const fields = line.slice(end + 2).split(' ') // from the third one on
  const field = (number: number): string => fields[number - 3] ?? ''
  if (!/^\d+$/.test(field(22))) return { kind: 'unreadable', code: 'EBADMSG' } // half a line
  return {
    kind: 'read',
    name: line.slice(line.indexOf('(') + 1, end),
    state: field(3),
    parent: Number(field(4)),
    group: Number(field(5)),
    foreground: Number(field(8)),
    start: BigInt(field(22)),
  }
}
