/** A build in a pool of its own, which is full from the start, or gets its slots from the machine's pool. */
import { constants } from 'node:os'
import { environment as names } from '../contract/environment.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { type Feeder, openFeeder } from '../jobserver/feeder.js'
import type { MachinePool } from '../jobserver/machine.js'
import { createPool, leavePool, type Pool, removePool, settlePool } from '../jobserver/pool.js'
import { changeText } from '../launcher/change.js'
import { commandOf } from '../launcher/closed-descriptors.js'
import { dismissWaiters } from '../launcher/dismissal.js'
import type { CaughtSignals, Ending } from '../launcher/foreground.js'
import { layoutOf } from '../shimdir/layout.js'
import { buildCaretaker } from './caretaker.js'
import { runGoverned } from './governed.js'
import type { BuildOrder, Place } from './order.js'
import type { BuildSandbox } from './sandbox.js'
import { showProgress } from './status-line.js'

/** How many slots of the machine's pool it has at most. */
export const shareOf = ({ slots }: MachinePool, jobs: number): number => Math.min(slots, jobs)

// `machine`: it has slots of that, as many as it uses.
export function inPool(order: BuildOrder, sandbox: BuildSandbox | undefined, machine?: MachinePool): Place {
  const { environment, settings, journal, say, isShown } = order
  const { rulesText } = settings
  const jobs = machine === undefined ? settings.jobs : shareOf(machine, settings.jobs)
  return {
    jobs,
    start(signals) {
      const { look } = layoutOf(settings.dir)
      const isFed = machine !== undefined
      const wishes = { jobs, isFed, rulesText, journal, look, environment }
      const pool = createPool(ensureStateDirectory(environment), wishes)
      const feeder = isFed ? openFeeder(look, environment, machine.fifo, pool) : undefined
      const caretaker = buildCaretaker(look, environment, ({ tend }) =>
        tend({ path: pool.fifo, fifoFd: pool.fifoFd, tokens: pool.total, isFed }, event => {
          if (event.kind === 'restored' || event.kind === 'surplus') say(changeText(event))
        }),
      )
      const endProgress = isShown
        ? showProgress(pool, caretaker.countFree, look, environment)
        : async () => undefined
      return {
        run: async () =>
          (feeder && (await refused(feeder, machine, signals))) ??
          (await runInPool(order, pool, jobs, signals, sandbox, (pid, jobserver) => {
            feeder?.stay(pid)
            caretaker.begin(pid, jobserver)
          })),
        dismiss: () => dismissWaiters(look, { ...environment, [names.jobserver]: `fifo:${pool.fifo}` }, ''),
        async settle() {
          await endProgress()
          const unknown = await sandbox?.close()
          const toolUse = await caretaker.end()
          feeder?.settle()
          return { settlement: await settlePool(pool), toolUse, unknown }
        },
        async close() {
          await sandbox?.close()
          await endProgress()
          await caretaker.end()
          feeder?.settle()
          leavePool(pool)
          await feeder?.leave()
          removePool(pool)
          await machine?.leave()
        },
      }
    },
  }
}

// Waits for the command's slot; then the feeder is a user of the machine's pool, and we need not be one. A signal before that ends the run.
async function refused(
  feeder: Feeder,
  machine: MachinePool | undefined,
  signals: CaughtSignals,
): Promise<Ending | undefined> {
  let by: number | undefined
  signals.whileNone(signal => {
    const number = endingSignals.has(signal) ? constants.signals[signal] : undefined
    if (number === undefined || by !== undefined) return
    by = number
    feeder.giveUp()
  })
  const hasSlot = await feeder.slot()
  signals.whileNone(undefined)
  if (!hasSlot && by !== undefined) return { kind: 'signal', number: by }
  void machine?.leave() // close() waits for it
  return by === undefined ? undefined : { kind: 'signal', number: by }
}

const endingSignals: ReadonlySet<NodeJS.Signals> = new Set([
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
])

async function runInPool(
  { words: [program, ...args], environment, settings }: BuildOrder,
  pool: Pool,
  jobs: number,
  signals: CaughtSignals,
  sandbox: BuildSandbox | undefined,
  started: (pid: number, jobserver: string) => void,
): Promise<Ending> {
  const { rulesText } = settings
  return await runGoverned(pool.fifo, {
    command: await commandOf(layoutOf(settings.dir).look, program, args),
    environment: rulesText === '' ? environment : { ...environment, [names.rules]: pool.rules },
    jobs,
    style: pool.makeStyle,
    signals,
    started,
    sandbox: sandbox?.open,
  })
}
