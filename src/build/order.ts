/** What a build is to be, and how it gets its slots. */
import type { ToolUse } from '../bypass/tool-watch.js'
import type { Settings } from '../config/options.js'
import type { Settlement } from '../jobserver/pool.js'
import type { CaughtSignals, Ending } from '../launcher/foreground.js'
import type { SandboxPlace } from '../launcher/sandbox.js'
import type { UnknownPrograms } from '../launcher/supervisor.js'

export type BuildOrder = {
  words: readonly [program: string, ...args: string[]]
  environment: NodeJS.ProcessEnv // with the shims on PATH
  settings: Settings // `dir` has the shims
  auth: string | undefined // fifo:PATH of a jobserver, of which it takes a token
  machine: MachineWish // if there is no jobserver
  journal: string | undefined // its absolute path
  directory: string // where it runs
  say: (line: string) => void // to the user
  isShown: boolean // how far it is, where stderr is a terminal
  sandbox: SandboxPlace | undefined // undefined: its tools are found by their shims
}

/** Whether it is in the machine's pool, or has at most `jobs` of its slots. `tokens`: that the pool gets if nobody uses it. */
export type MachineWish = { kind: 'none' } | { kind: 'all' | 'share'; tokens: number }

/** What is known once the command has ended. */
export type Account = {
  settlement: Settlement | undefined
  toolUse: ToolUse | undefined
  unknown: UnknownPrograms | undefined // in the sandbox; undefined: none
}

export type Place = {
  jobs: number | undefined // slots; undefined where that is not ours to say
  /** Makes what the build needs there. To be called once signals are caught: one would end us and leave that behind. */
  start(signals: CaughtSignals): StartedPlace
}

export type StartedPlace = {
  /** Runs the command, and returns how it ended. */
  run(): Promise<Ending>
  /** The command was interrupted: ends what still waits for a slot below it, and nothing else. Returns how many. */
  dismiss(): number
  /** Returns what is known of the command that has ended. */
  settle(): Promise<Account>
  /** Removes what was made, whatever became of the command. */
  close(): Promise<void>
}
