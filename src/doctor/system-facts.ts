/** What the kernel shows here. */
import { readFileSync, statSync } from 'node:fs'
import { release } from 'node:os'
import { systemErrorCode } from '../ground/failure.js'

/** Files of /proc that are read, each with what it is for. */
export const procFiles = [
  { path: '/proc/self/stat', for: 'who started a tool' },
  { path: '/proc/self/fdinfo/0', for: 'which ancestor is a client' },
  { path: '/proc/locks', for: 'which launchers live' },
  { path: '/proc/self/ns/pid', for: 'whose pids are meant' },
] as const

export type SystemFacts = {
  release: string
  unreadable: readonly string[] // of procFiles, as `PATH (CODE): what for`
  hidesOthers: boolean // hidepid: processes of other users
  hasChildren: boolean // /proc/PID/task/TID/children
  hasPressure: boolean // /proc/pressure
  wantsPressure: boolean // the config asks for it
}

/** Gathers them. */
export function systemFacts(rulesText: string): SystemFacts {
  const unreadable = procFiles.flatMap(({ path, for: purpose }) => {
    const code = path.includes('/ns/') ? codeOf(() => statSync(path)) : codeOf(() => readFileSync(path))
    return code === undefined ? [] : [`${path} (${code}): ${purpose}`]
  })
  return {
    release: release(),
    unreadable,
    hidesOthers: unreadable.length === 0 && codeOf(() => statSync('/proc/1')) !== undefined,
    hasChildren: codeOf(() => readFileSync(`/proc/self/task/${process.pid}/children`)) === undefined,
    hasPressure: codeOf(() => readFileSync('/proc/pressure/cpu')) === undefined,
    wantsPressure: /^pressure/m.test(rulesText),
  }
}

function codeOf(look: () => unknown): string | undefined {
  try {
    look()
    return undefined
  } catch (error) {
    return systemErrorCode(error) ?? 'error'
  }
}
