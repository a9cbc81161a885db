/** Where a build gets its slots: from a pool of its own, from a jobserver around it, or by a token of one that was named. */
import { resolve } from 'node:path'
import type { Settings } from '../config/options.js'
import { environment as names } from '../ground/environment.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { type CaughtSignals, type Ending, runInForeground } from '../ground/foreground.js'
import { passedDescriptors } from '../ground/inherited.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { runGoverned } from '../jobserver/governed.js'
import { askLauncher, outerJobserver } from '../jobserver/outer.js'
import { createPool, type Pool, removePool, type Settlement, settlePool } from '../jobserver/pool.js'
import { enterRules, removeEntry } from '../jobserver/registry.js'
import { showProgress } from '../jobserver/show-progress.js'
import { layoutOf } from '../shimdir/layout.js'
import { styleOfMakeOn } from '../toolchain/make-style.js'

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

type Run = {
  signals: CaughtSignals
  started: (pid: number, jobserver?: string) => void // its address, where that is ours to say
}

type Place = {
  jobs: number | undefined // slots; undefined where that is not ours to say
  run(run: Run): Promise<{ ending: Ending; settlement: Settlement | undefined }>
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
  async run({ signals, started }) {
    const rules = keepRules(environment, settings.rulesText)
    const env = { ...environment, ...rules.variables }
    const options = { stdio: passedDescriptors(), env }
    const ending = await runInForeground(program, args, options, signals, started)
    rules.remove()
    return { ending, settlement: undefined }
  },
})

type KeptRules = { variables: NodeJS.ProcessEnv; remove: () => void }

// The rules of a run in somebody else's pool, until its end. To be called once signals are caught.
function keepRules(environment: NodeJS.ProcessEnv, text: string): KeptRules {
  if (text === '') return { variables: {}, remove: () => undefined }
  const path = enterRules(ensureStateDirectory(environment), text)
  const remove = (): void => removeEntry(path)
  process.once('exit', remove) // whatever happens from here on
  return { variables: { [names.rules]: path }, remove }
}

function inPool(order: BuildOrder): Place {
  const { environment, settings, journal, say, isShown } = order
  const [program, ...args] = order.words
  const { jobs, rulesText } = settings
  const style = styleOfMakeOn(environment.PATH ?? '') // asked while the pool is made
  return {
    jobs,
    async run({ signals, started }) {
      const pool = await createPool(ensureStateDirectory(environment), { jobs, rulesText, journal })
      process.once('exit', () => removePool(pool)) // whatever happens from here on
      const env = rulesText === '' ? environment : { ...environment, [names.rules]: pool.rules }
      const { launcher } = layoutOf(settings.dir)
      const stopWatch = watchFrom(pool, launcher, say)
      const endProgress = isShown ? showProgress(pool, launcher, environment) : undefined
      const start = { program, args, environment: env, jobs, style: await style, signals, started }
      const ending = await runGoverned(pool.fifo, start)
      await stopWatch()
      await endProgress?.()
      const settlement = await settlePool(pool)
      removePool(pool)
      return { ending, settlement }
    },
  }
}

const firstCensus = 1000 // ms: many commands are over by then

// Puts back what killed clients take along, until the function that is returned is called.
function watchFrom(pool: Pool, launcher: string, say: BuildOrder['say']): () => Promise<void> {
  const over = new AbortController()
  let watching = Promise.resolve()
  const timer = setTimeout(() => {
    watching = import('../jobserver/census.js')
      .then(({ changeText, watchUntil }) =>
        watchUntil(over.signal, { ...pool, path: pool.fifo }, launcher, change => say(changeText(change))),
      )
      .catch(() => undefined) // a build must not fail of it, as where jobshim is upgraded meanwhile
  }, firstCensus)
  return async () => {
    clearTimeout(timer)
    over.abort()
    await watching
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
  const style = await styleOfMakeOn(environment.PATH ?? '')
  return {
    jobs: undefined,
    async run({ signals, started }) {
      const rules = keepRules(environment, settings.rulesText)
      const ending = await runGoverned(fifo, {
        program: launcher,
        args: ['--token', '--', ...words],
        environment: { ...environment, ...rules.variables },
        jobs: settings.jobs,
        style,
        signals,
        started,
      })
      rules.remove()
      const { spawnSync } = await import('node:child_process')
      spawnSync(launcher, ['--reclaim'], { env: named, stdio: 'ignore' }) // what was killed with CMD, at once
      return { ending, settlement: undefined }
    },
  }
}
