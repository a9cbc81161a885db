/** What doctor can advise. */
import { type TreeAdviceId, treeAdvices } from '../bypass/tree-advice.js'

/** THE table of advices, each with how it comes to be right. A test does each of them, and finds the row ok. */
export const advices = {
  ...treeAdvices,
  'config-refused': 'the config tells what is wrong, and where',
  'launcher-broken': "this package's launcher runs, and an install puts it there",
  'launcher-missing': 'an install puts it there',
  'launcher-noexec': 'a filesystem that runs no program takes no shims',
  'launcher-other': 'an install puts it there',
  'launcher-slow': 'a static one with musl starts soonest',
  'launcher-tools': 'it takes make and a C compiler, which only a person can install',
  'launcher-unbuilt': 'an install builds it',
  'shims-damaged': 'an install writes anew what is wanted',
  'shims-lost': "it is somebody's file: it is kept, in another place",
  'shims-none': 'an install makes them',
  'shims-refused': 'only its owner knows what that directory is for',
  'shims-unwritten': 'an install writes down what is wanted',
  'tools-dead': 'an install removes shims of tools that are gone',
  'tools-missing': 'only a person knows whether it is still wanted',
  'tools-uncovered': 'an install makes a shim for each tool that is wanted',
  'path-absent': 'env puts the shims first',
  'path-late': 'the first directory on PATH counts',
  'ccache-early': 'the first directory on PATH counts',
  'login-path': 'a login shell reads the first of its profiles that is there',
  disabled: 'a variable of this shell',
  'jobs-variables': 'variables of this shell',
  'setting-variables': 'variables of this shell',
  'tools-variables': 'variables of this shell',
  'engine-early': 'the first directory on PATH counts',
  'engine-variable': 'its shim takes its slots',
  setup: 'setup gives all terminals of a user one pool',
  'jobserver-dead': 'without the variables jobshim run makes a new one',
  'jobserver-client': 'a shim translates the address',
  'ninja-old': 'only a person can install another one',
  'tokens-lost': 'nobody is left who puts them back',
  'server-gone': 'nobody is left who puts lost tokens back',
  'state-refused': 'only a person knows what stands there',
  'state-moved': 'only a person knows a directory that stays',
  'state-full': 'only a person knows what can go',
  'state-left': 'doctor --fix removes them, and so does the next jobshim run',
  'state-elsewhere': 'locks and records need a filesystem of this machine, with room',
  'proc-mount': '/proc is mounted by root',
  'proc-hidden': '/proc is mounted by root',
  'kernel-old': 'a kernel or a seccomp filter is beyond what a command here can change',
  'pressure-none': 'a boot option, or the config',
  'build-short': 'what is over at once is not watched',
  past: 'what went past tells what mends it',
} as const satisfies Readonly<Record<TreeAdviceId | string, string>>

export type AdviceId = keyof typeof advices

/** `fix`: for people, whole; `command`: what a shell runs to do it, where that is all there is to do. */
export type Advice = { id: AdviceId; fix: string; command?: string }

/** Returns an advice that a shell can follow; `what` stands before the command, for people. */
export const byCommand = (id: AdviceId, command: string, what?: string): Advice => ({
  id,
  fix: what === undefined ? command : `${what}: ${command}`,
  command,
})

/** Returns an advice that takes a person. */
export const byHand = (id: AdviceId, fix: string): Advice => ({ id, fix })
