/** Builds in sandboxes and behind shims that wait for one pool before there is a token in it; the tools' own log says who starts when. */
import { existsSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeFifo, type Pool } from '../support/pool.js'
import { until } from '../support/until.js'
import { repository } from '../support/workspace.js'
import { type Held, start } from '../yard/held.js'
import { ledgersIn, waitersIn } from '../yard/ledger.js'
import { makeSandboxPlace, type SandboxPlace } from './place.js'

export type Field = { place: SandboxPlace; pool: Pool; env: Record<string, string> }

export async function makeField(): Promise<Field> {
  const place = await makeSandboxPlace()
  const pool = makeFifo(place.root, '')
  return { place, pool, env: { ...place.env, JOBSHIM_JOBSERVER: pool.auth } }
}

type Start = { pid: number; name: string }

/** What has started, in order. */
function starts({ place }: Field): Start[] {
  const log = join(place.root, 'out/log')
  if (!existsSync(log)) return []
  return [...readFileSync(log, 'utf8').matchAll(/^\+ (\d+) (.*)$/gm)].map(([, pid, name = '']) => ({
    pid: Number(pid),
    name,
  }))
}

const waitersOf = ({ place }: Field): number =>
  ledgersIn(join(place.root, 'run')).reduce((sum, path) => sum + waitersIn(path), 0)

/** How a build starts its tools. */
export type Way = (field: Field, name: string, script: (tool: string) => string, ...flags: string[]) => Held

export const withLaunchers: Way = ({ place, env }, name, script) =>
  start({
    env: { ...env, JOBSHIM_JOB: name, PATH: `${place.shims}:${env.PATH}` },
    command: ['sh', '-c', `cd ${place.root}; ${script('gcc')}`],
  })

export const inSandbox: Way = ({ place, env }, name, script, ...flags) =>
  start({
    env: { ...env, JOBSHIM_JOB: name },
    command: [
      ...[process.execPath, join(repository, 'bin/jobshim.js'), 'run', '--sandbox', '--json'],
      ...[
        ...flags,
        '--no-config',
        '--dir',
        place.shims,
        '--',
        'sh',
        '-c',
        `cd ${place.root}; ${script(place.tool)}`,
      ],
    ],
  })

/**
 * Starts a build of so many tools, which wait once it returns: its first one, beside them, has what needs no token. `lowBeside`: each is
 * started behind one of low priority, whose name begins with that letter.
 */
export async function build(
  field: Field,
  way: Way,
  letter: string,
  tools: number,
  lowBeside?: string,
): Promise<Held> {
  const before = waitersOf(field)
  const held = way(
    field,
    letter,
    tool => `${tool} -c 600000 -o out/${letter}0 & : >>out/log; until grep -q ' ${letter}0$' out/log; do sleep 0.01; done
for n in $(seq ${tools}); do ${lowBeside === undefined ? '' : `JOBSHIM_PRIORITY=low ${tool} -c 20 -o out/${lowBeside}$n & `}${tool} -c 20 -o out/${letter}$n & done; wait`,
  )
  const has = (): boolean => starts(field).some(({ name }) => name === `${letter}0`)
  await until(
    `all of ${letter} wait`,
    () => has() && waitersOf(field) === before + tools * (lowBeside === undefined ? 1 : 2),
  )
  return held
}

/** Returns the first letters of the names of all that had a token, in the order of their starts. */
export async function order(
  field: Field,
  builds: readonly Held[],
  tools: number,
  tokens: string,
): Promise<string> {
  const { pool } = field
  const firsts = starts(field)
  writeSync(pool.fd, tokens)
  await until('all have started', () => starts(field).length === firsts.length + tools)
  for (const { pid } of firsts) process.kill(pid, 'SIGTERM')
  for (const { ended, output } of builds) assert.is((await ended).status, 0, output.stderr)
  await until('the tokens are back', () => pool.count() === tokens)
  return starts(field)
    .slice(firsts.length)
    .map(({ name }) => name[0])
    .join('')
}
