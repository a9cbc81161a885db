/** Where a build gets its slots: from a pool of its own, from a jobserver around it, or by a token of one that was named. */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import type { Sighting } from '../bypass/tool-watch.js'
import type { Settings } from '../config/options.js'
import { environment as names } from '../contract/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { passedDescriptors } from '../ground/inherited.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { assertFits, prepareFifo } from '../jobserver/fifo.js'
import { askLauncher, outerJobserver } from '../jobserver/outer.js'
import { createPool, removePool, type Settlement, settlePool } from '../jobserver/pool.js'
import { enterRules, removeEntry } from '../jobserver/registry.js'
import { changeText } from '../launcher/change.js'
import { commandOf } from '../launcher/closed-descriptors.js'
import { type CaughtSignals, type Ending, runInForeground } from '../launcher/foreground.js'
import { layoutOf } from '../shimdir/layout.js'
import { buildCaretaker } from './caretaker.js'
import { runGoverned } from './governed.js'
import { showProgress } from './status-line.js'

export type BuildOrder = {
  words: readonly [program: string, ...args: string[]]
  environment: NodeJS.ProcessEnv // with the shims on PATH
  settings: Settings // `dir` has the shims
  auth: string | undefined // fifo:PATH of a jobserver, of which it takes a token
  journal: string | undefined // its absolute path
  directory: string // where it runs
  say: (line: string) => void // to the user
  isShown: boolean // how far it is, where stderr is a terminal
}

type Outcome = { ending: Ending; settlement: Settlement | undefined; sighting: Sighting | undefined }

type Place = {
  jobs: number | undefined // slots; undefined where that is not ours to say
  run(signals: CaughtSignals): Promise<Outcome>
}

/** Returns the place for the build. Throws `Failure` where the jobserver that was named can't be used. */
export async function placeOf(order: BuildOrder): Promise<Place> {
  const { auth, environment, say, settings } = order
  if (auth !== undefined) return await withToken(auth, order)
  const outer = await outerJobserver(layoutOf(settings.dir).launcher, environment)
  if (outer.state === 'usable') return joined(order)
  if (outer.state === 'unusable') say(`${outer.why}\n  the build gets a pool of its own: -j${settings.jobs}`)
  return inPool(order)
}

const joined = ({ words: [program, ...args], environment, settings }: BuildOrder): Place => ({
  jobs: undefined,
  async run(signals) {
    const rules = keepRules(environment, settings.rulesText)
    const env = { ...environment, ...rules.variables }
    const caretaker = buildCaretaker(layoutOf(settings.dir).launcher, environment)
    try {
      const begin = (pid: number): void => caretaker.begin(pid, environment[names.jobserver] ?? '')
      const command = await commandOf(layoutOf(settings.dir).launcher, program, args)
      const ending = await runInForeground(command, passedDescriptors(), env, signals, begin)
      return { ending, settlement: undefined, sighting: await caretaker.end() }
    } finally {
      rules.remove()
    }
  },
})

/** Has something removed as we exit, whatever happens from here on. Returns what removes it earlier: once it is gone nobody looks for it. */
function atTheEnd(remove: () => void): () => void {
  process.once('exit', remove)
  return () => {
    remove()
    process.off('exit', remove)
  }
}

type KeptRules = { variables: NodeJS.ProcessEnv; remove: () => void }

// The rules of a run in somebody else's pool, until its end. To be called once signals are caught.
function keepRules(environment: NodeJS.ProcessEnv, text: string): KeptRules {
  if (text === '') return { variables: {}, remove: () => undefined }
  const path = enterRules(ensureStateDirectory(environment), text)
  return { variables: { [names.rules]: path }, remove: atTheEnd(() => removeEntry(path)) }
}

function inPool(order: BuildOrder): Place {
  const { environment, settings, journal, say, isShown } = order
  const [program, ...args] = order.words
  const { jobs, rulesText } = settings
  return {
    jobs,
    async run(signals) {
      const { launcher } = layoutOf(settings.dir)
      const wishes = { jobs, rulesText, journal, launcher, environment }
      const pool = createPool(ensureStateDirectory(environment), wishes)
      const remove = atTheEnd(() => removePool(pool))
      const caretaker = buildCaretaker(launcher, environment, ({ tend }) =>
        tend({ path: pool.fifo, fifoFd: pool.fifoFd, tokens: pool.total }, event => {
          if (event.kind === 'restored' || event.kind === 'surplus') say(changeText(event))
        }),
      )
      const endProgress = isShown ? showProgress(pool, caretaker.countFree, launcher, environment) : undefined
      const ending = await runGoverned(pool.fifo, {
        command: await commandOf(launcher, program, args),
        environment: rulesText === '' ? environment : { ...environment, [names.rules]: pool.rules },
        jobs,
        style: pool.makeStyle,
        signals,
        started: caretaker.begin,
      })
      await endProgress?.()
      const sighting = await caretaker.end()
      const settlement = await settlePool(pool)
      remove()
      return { ending, settlement, sighting }
    },
  }
}

// The launcher takes the token, and has it until the command's end.
async function withToken(auth: string, { words, environment, settings }: BuildOrder): Promise<Place> {
  const [, path] = /^fifo:(.+)$/.exec(auth) ?? []
  if (path === undefined)
    throw new Failure(
      `--jobserver ${auth}: not fifo:PATH`,
      'name one: fifo:/run/jobshim/fifo',
      exitCodes.jobshim,
    )
  assertFits(settings.jobs) // MAKEFLAGS tell it
  const fifo = resolve(path)
  const { launcher } = layoutOf(settings.dir)
  const named = { ...environment, [names.jobserver]: `fifo:${fifo}` }
  const asked = await askLauncher(launcher, named)
  if (asked.state === 'unusable')
    throw new Failure(
      `${fifo}: ${asked.why.replace(/^jobshim: /, '')}`,
      'see that jobshim serve runs there',
      exitCodes.jobshim,
    )
  return {
    jobs: undefined,
    async run(signals) {
      const rules = keepRules(environment, settings.rulesText)
      const caretaker = buildCaretaker(launcher, named) // by whose descriptors it tells a client
      const ending = await runGoverned(fifo, {
        command: await commandOf(launcher, launcher, ['--token', '--', ...words]),
        environment: { ...environment, ...rules.variables },
        jobs: settings.jobs,
        style: prepareFifo(launcher, environment, ''),
        signals,
        started: caretaker.begin,
      })
      rules.remove()
      spawnSync(launcher, ['--reclaim'], { env: named, stdio: 'ignore' }) // what was killed with CMD, at once
      return { ending, settlement: undefined, sighting: await caretaker.end() }
    },
  }
}
