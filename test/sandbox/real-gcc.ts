/** Builds with the system's gcc, whose compiles are counted from within: by a plugin, since nothing may stand before a tool. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildProgram } from '../support/built.js'
import { jobshim, type Outcome, type Surroundings } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace } from '../support/workspace.js'
import { type Peak, peakIn } from './place.js'

export type GccPlace = {
  root: string // where builds lie
  shims: string
  flag: string // makes gcc count a compile
  env: Readonly<Record<string, string>>
  /** Runs a command below `jobshim run --json`, with these options. */
  run: (options: readonly string[], command: readonly string[], around?: Surroundings) => Promise<Outcome>
  /** What was compiled since the last call. */
  take: () => Peak
}

/** With shims for all that /usr/bin has. */
export async function makeGccPlace(): Promise<GccPlace> {
  const place = makeWorkspace()
  const [root, plugin, log] = [join(place, 'work'), join(place, 'plugin.so'), join(place, 'log')]
  mkdirSync(root)
  buildProgram(plugin, ['gcc-plugin.c'], ['-shared', '-fPIC'])
  const env = { HOME: place, PATH: '/usr/bin:/bin' }
  const shims = await installShims(join(place, 'shims'), { env })
  return {
    root,
    shims,
    flag: `-fplugin=${plugin}`,
    env,
    run: (options, command, around) =>
      jobshim(['run', '--json', '--no-config', '--dir', shims, ...options, '--', ...command], {
        cwd: root,
        env: { ...env, ...around?.env },
      }),
    take() {
      const told = existsSync(log) ? peakIn(log) : { runs: 0, peak: 0 }
      rmSync(log, { force: true })
      return told
    },
  }
}
