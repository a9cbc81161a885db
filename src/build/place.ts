/** Where a build gets its slots: from a pool of its own, from a jobserver around it, or by a token of one that was named. */
import { resolve } from 'node:path'
import type { ToolUse } from '../bypass/tool-watch.js'
import type { Settings } from '../config/options.js'
import { environment as names } from '../contract/environment.js'
import { launcherOptions } from '../contract/launcher-options.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { passedDescriptors } from '../ground/inherited.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { assertFits, prepareFifo } from '../jobserver/fifo.js'
import { joinMachine, type MachinePool } from '../jobserver/machine.js'
import { outerJobserver, tryJobserver } from '../jobserver/outer.js'
import { createPool, removePool, type Settlement, settlePool } from '../jobserver/pool.js'
import { enterRules, removeEntry } from '../jobserver/registry.js'
import { changeText } from '../launcher/change.js'
import { commandOf } from '../launcher/closed-descriptors.js'
import { type CaughtSignals, type Ending, runInForeground } from '../launcher/foreground.js'
import { reclaim } from '../launcher/reclaim.js'
import type { SandboxPlace } from '../launcher/sandbox.js'
import type { UnknownPrograms } from '../launcher/supervisor.js'
import { layoutOf } from '../shimdir/layout.js'
import { type BuildCaretaker, buildCaretaker } from './caretaker.js'
import { runGoverned } from './governed.js'
import type { BuildSandbox } from './sandbox.js'
import { showProgress } from './status-line.js'

export type BuildOrder = {
  words: readonly [program: string, ...args: string[]]
  environment: NodeJS.ProcessEnv // with the shims on PATH
  settings: Settings // `dir` has the shims
  auth: string | undefined // fifo:PATH of a jobserver, of which it takes a token
  joinsMachine: boolean // where there is no jobserver it is in the machine's pool
  journal: string | undefined // its absolute path
  directory: string // where it runs
  say: (line: string) => void // to the user
  isShown: boolean // how far it is, where stderr is a terminal
  sandbox: SandboxPlace | undefined // undefined: its tools are found by their shims
}

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
  /** Returns what is known of the command that has ended. */
  settle(): Promise<Account>
  /** Removes what was made, whatever became of the command. */
  close(): Promise<void>
}

/** Returns the place for the build. Throws `Failure` where the jobserver that was named can't be used. */
export async function placeOf(order: BuildOrder): Promise<Place> {
  const { auth, environment, say, settings } = order
  const { look } = layoutOf(settings.dir)
  const sandbox = order.sandbox && (await openableSandbox(order.sandbox, order))
  if (auth !== undefined) return await withToken(auth, order, sandbox)
  const outer = await outerJobserver(look, environment)
  if (outer.state === 'usable') return joined(order, sandbox)
  const machine = order.joinsMachine ? await joinMachine(look, environment, settings.jobs) : undefined
  const isJoined = machine?.state === 'joined'
  const whys = [outer, machine].flatMap(found => (found && 'why' in found ? [found.why] : []))
  const then = isJoined ? "joins the machine's pool" : `gets a pool of its own: -j${settings.jobs}`
  if (whys.length > 0) say(`${whys.map(why => `jobshim: ${why}\n`).join('')}  the build ${then}`)
  return isJoined ? inMachine(machine.pool, order, sandbox) : inPool(order, sandbox)
}

const openableSandbox = async (place: SandboxPlace, { settings, say }: BuildOrder): Promise<BuildSandbox> =>
  (await import('./sandbox.js')).buildSandbox(place, layoutOf(settings.dir).look, say)

// A run that has the sandbox in which we are looks at the tools; in a PID namespace of our own we would not know them by its records.
const beginOf = ({ sandbox }: BuildOrder, { begin }: BuildCaretaker): BuildCaretaker['begin'] =>
  sandbox === 'above' ? () => undefined : begin

const joined = (order: BuildOrder, sandbox: BuildSandbox | undefined): Place => ({
  jobs: undefined,
  start(signals) {
    const { environment, settings } = order
    const { look } = layoutOf(settings.dir)
    const rules = keepRules(environment, settings.rulesText)
    const caretaker = buildCaretaker(look, environment)
    return {
      async run() {
        const [program, ...args] = order.words
        const begin = (pid: number): void =>
          beginOf(order, caretaker)(pid, environment[names.jobserver] ?? '')
        const command = await commandOf(look, program, args)
        const env = { ...environment, ...rules.variables }
        const descriptors = passedDescriptors()
        const socket = await sandbox?.open(env, descriptors.slice(3))
        return await runInForeground({ ...command, sandbox: socket }, descriptors, env, signals, begin)
      },
      async settle() {
        const unknown = await sandbox?.close()
        if (sandbox !== undefined) reclaim(look, environment) // what its supervisor had, if it was killed
        return { settlement: undefined, toolUse: await caretaker.end(), unknown }
      },
      async close() {
        await sandbox?.close()
        rules.remove()
        await caretaker.end()
      },
    }
  },
})

type KeptRules = { variables: NodeJS.ProcessEnv; remove: () => void }

// The rules of a run in somebody else's pool, until its end.
function keepRules(environment: NodeJS.ProcessEnv, text: string): KeptRules {
  if (text === '') return { variables: {}, remove: () => undefined }
  const path = enterRules(ensureStateDirectory(environment), text)
  return { variables: { [names.rules]: path }, remove: () => removeEntry(path) }
}

function inPool(
  { words: [program, ...args], environment, settings, journal, say, isShown }: BuildOrder,
  sandbox: BuildSandbox | undefined,
): Place {
  const { jobs, rulesText } = settings
  return {
    jobs,
    start(signals) {
      const { look } = layoutOf(settings.dir)
      const wishes = { jobs, rulesText, journal, look, environment }
      const pool = createPool(ensureStateDirectory(environment), wishes)
      const caretaker = buildCaretaker(look, environment, ({ tend }) =>
        tend({ path: pool.fifo, fifoFd: pool.fifoFd, tokens: pool.total }, event => {
          if (event.kind === 'restored' || event.kind === 'surplus') say(changeText(event))
        }),
      )
      const endProgress = isShown
        ? showProgress(pool, caretaker.countFree, look, environment)
        : async () => undefined
      return {
        run: async () =>
          await runGoverned(pool.fifo, {
            command: await commandOf(look, program, args),
            environment: rulesText === '' ? environment : { ...environment, [names.rules]: pool.rules },
            jobs,
            style: pool.makeStyle,
            signals,
            started: caretaker.begin,
            sandbox: sandbox?.open,
          }),
        async settle() {
          await endProgress()
          const unknown = await sandbox?.close()
          const toolUse = await caretaker.end()
          return { settlement: await settlePool(pool), toolUse, unknown }
        },
        async close() {
          await sandbox?.close()
          removePool(pool) // first: the others may take a moment
          await endProgress()
          await caretaker.end()
        },
      }
    },
  }
}

// The launcher takes the token, and has it until the command's end.
async function withToken(auth: string, order: BuildOrder, sandbox: BuildSandbox | undefined): Promise<Place> {
  const { words, environment, settings } = order
  const [, path] = /^fifo:(.+)$/.exec(auth) ?? []
  if (path === undefined)
    throw new Failure(
      `--jobserver ${auth}: not fifo:PATH`,
      'name one: fifo:/run/jobshim/fifo',
      exitCodes.jobshim,
    )
  assertFits(settings.jobs) // MAKEFLAGS tell it
  const fifo = resolve(path)
  const { launcher, look } = layoutOf(settings.dir)
  const asked = await tryJobserver(look, { ...environment, [names.jobserver]: `fifo:${fifo}` })
  if (asked.state === 'unusable')
    throw new Failure(`${fifo}: ${asked.why}`, 'check that jobshim serve runs there', exitCodes.jobshim)
  const command = [launcher, launcherOptions.token, '--', ...words] as const
  return inNamed({ fifo, jobs: settings.jobs, words: command }, order, sandbox)
}

// Nobody has a slot there for being there: no tool of the command runs without a token.
const inMachine = (pool: MachinePool, order: BuildOrder, sandbox: BuildSandbox | undefined): Place =>
  inNamed({ ...pool, jobs: pool.slots, words: order.words }, order, sandbox)

/** A pool that is not ours. */
type NamedPool = Partial<Pick<MachinePool, 'stay' | 'leave'>> & {
  fifo: string
  jobs: number // that MAKEFLAGS tell
  words: BuildOrder['words']
}

function inNamed(pool: NamedPool, order: BuildOrder, sandbox: BuildSandbox | undefined): Place {
  const { environment, settings } = order
  const { look } = layoutOf(settings.dir)
  const named = { ...environment, [names.jobserver]: `fifo:${pool.fifo}` }
  const [program, ...args] = pool.words
  return {
    jobs: undefined,
    start(signals) {
      const rules = keepRules(environment, settings.rulesText)
      const caretaker = buildCaretaker(look, named) // by whose descriptors it tells a client
      const begin = beginOf(order, caretaker)
      return {
        run: async () =>
          await runGoverned(pool.fifo, {
            command: await commandOf(look, program, args),
            environment: { ...environment, ...rules.variables },
            jobs: pool.jobs,
            style: prepareFifo(look, environment, ''),
            signals,
            started(pid, jobserver) {
              pool.stay?.(pid)
              begin(pid, jobserver)
            },
            sandbox: sandbox?.open,
          }),
        async settle() {
          const unknown = await sandbox?.close()
          reclaim(look, named) // what was killed with CMD, at once
          return { settlement: undefined, toolUse: await caretaker.end(), unknown }
        },
        async close() {
          await sandbox?.close()
          rules.remove()
          await caretaker.end()
          await pool.leave?.()
        },
      }
    },
  }
}
