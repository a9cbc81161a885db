/** Where a build gets its slots: from a pool of its own, from a jobserver around it, or by a token of one that was named. */
import { resolve } from 'node:path'
import { environment as names } from '../contract/environment.js'
import { launcherOptions } from '../contract/launcher-options.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { passedDescriptors } from '../ground/inherited.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { assertFits, prepareFifo } from '../jobserver/fifo.js'
import { joinMachine, type MachinePool } from '../jobserver/machine.js'
import { outerJobserver, tryJobserver } from '../jobserver/outer.js'
import { thisProcess } from '../jobserver/owner.js'
import { enterRules, removeEntry } from '../jobserver/registry.js'
import { commandOf } from '../launcher/closed-descriptors.js'
import { dismissWaiters } from '../launcher/dismissal.js'
import { runInForeground } from '../launcher/foreground.js'
import { reclaim } from '../launcher/reclaim.js'
import type { SandboxPlace } from '../launcher/sandbox.js'
import { layoutOf } from '../shimdir/layout.js'
import { type BuildCaretaker, buildCaretaker } from './caretaker.js'
import { runGoverned } from './governed.js'
import type { BuildOrder, Place } from './order.js'
import { inPool, shareOf } from './own-pool.js'
import type { BuildSandbox } from './sandbox.js'

/** Returns the place for the build. Throws `Failure` where the jobserver that was named can't be used. */
export async function placeOf(order: BuildOrder): Promise<Place> {
  const { auth, environment, say, settings } = order
  const { look } = layoutOf(settings.dir)
  const sandbox = order.sandbox && (await openableSandbox(order.sandbox, order))
  if (auth !== undefined) return await withToken(auth, order, sandbox)
  const outer = await outerJobserver(look, environment)
  if (outer.state === 'usable') return joined(order, sandbox)
  const wish = order.machine
  const found = wish.kind === 'none' ? undefined : await joinMachine(look, environment, wish.tokens)
  const machine = found?.state === 'joined' ? found.pool : undefined
  const then =
    machine === undefined
      ? `gets a pool of its own: -j${settings.jobs}`
      : wish.kind === 'share'
        ? `has at most ${shareOf(machine, settings.jobs)} slots of the machine's pool`
        : "joins the machine's pool"
  const whys = [outer, found].flatMap(tried => (tried && 'why' in tried ? [tried.why] : []))
  if (whys.length > 0) say(`${whys.map(why => `jobshim: ${why}\n`).join('')}  the build ${then}`)
  return machine !== undefined && wish.kind === 'all'
    ? inMachine(machine, order, sandbox)
    : inPool(order, sandbox, machine)
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
        const env = { ...environment, ...rules.variables, [names.run]: runName() }
        const descriptors = passedDescriptors()
        const socket = await sandbox?.open(env, descriptors.slice(3))
        return await runInForeground({ ...command, sandbox: socket }, descriptors, env, signals, begin)
      },
      dismiss: () => dismissWaiters(look, environment, runName()),
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

// What is below it has this in its environment: the pool alone does not tell it from other builds.
function runName(): string {
  const { pid, start } = thisProcess()
  return `${pid}:${start}`
}

type KeptRules = { variables: NodeJS.ProcessEnv; remove: () => void }

// The rules of a run in somebody else's pool, until its end.
function keepRules(environment: NodeJS.ProcessEnv, text: string): KeptRules {
  if (text === '') return { variables: {}, remove: () => undefined }
  const path = enterRules(ensureStateDirectory(environment), text)
  return { variables: { [names.rules]: path }, remove: () => removeEntry(path) }
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
            environment: { ...environment, ...rules.variables, [names.run]: runName() },
            jobs: pool.jobs,
            style: prepareFifo(look, environment, ''),
            signals,
            started(pid, jobserver) {
              pool.stay?.(pid)
              begin(pid, jobserver)
            },
            sandbox: sandbox?.open,
          }),
        dismiss: () => dismissWaiters(look, named, runName()),
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
