/** The launcher place by place, beside the bare tool, one that is built without musl, and older ones. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { milliseconds, print, ratio, spread, table } from './figures.js'
import { hardPlaces, memory, type Place, places, poolCommands, time, type Variant } from './place.js'
import { inScratch, installTools, makeLauncher, run, shims, standIn, whereIs } from './scratch.js'

const memoryRounds = 5

type Stand = {
  name: 'shim' | 'glibc' | 'older' | 'older_glibc'
  directory: string
  older?: 'older' | 'older_glibc' // what it is compared with
}

/** Launchers from before, by their files. */
export type Older = { before: string | undefined; beforeGlibc: string | undefined }

function standOf(name: Stand['name'], file: string, older?: Stand['older']): Stand {
  const directory = inScratch(`shims ${name}`)
  installTools(directory)
  standIn(directory, file)
  return older === undefined ? { name, directory } : { name, directory, older }
}

function findStands({ before, beforeGlibc }: Older): Stand[] {
  const stands: Stand[] = [
    { name: 'shim', directory: shims, ...(before === undefined ? {} : { older: 'older' as const }) },
    standOf('glibc', makeLauncher('cc -static'), beforeGlibc === undefined ? undefined : 'older_glibc'),
  ]
  if (before !== undefined) stands.push(standOf('older', before))
  if (beforeGlibc !== undefined) stands.push(standOf('older_glibc', beforeGlibc))
  return stands
}

/** A launcher that can't read the ledger of `jobshim run` does less than it would do there, and is no measure. */
function warnOfLedgers(stands: readonly Stand[]): void {
  for (const { name, directory } of stands) {
    const told = run([
      ...poolCommands.run,
      ...['sh', '-c', 'JOBSHIM_DEBUG=1 "$1" 2>&1', 'sh', join(directory, 'true')],
    ])
    if (told.includes('no crash safety'))
      console.log(`\n${named(name)}: does not know this ledger, see only its rows in other pools`)
  }
}

const named = (variant: string): string => variant.replace('_', ', ')

function printPlace(
  place: Place,
  tool: string,
  args: readonly string[],
  stands: readonly Stand[],
  rounds: number,
): void {
  const variants: Variant[] = [
    { name: 'bare', command: [whereIs(tool), ...args] },
    ...stands.map(({ name, directory }) => ({ name, command: [join(directory, tool), ...args] })),
  ]
  const samples = time(place, variants, rounds)
  for (const { name } of variants) {
    const older = stands.find(stand => stand.name === name)?.older
    print(
      tool,
      place.pool,
      place.name,
      named(name),
      milliseconds(spread(samples.get(name) ?? [])),
      ratio(samples, name, 'bare'),
      older === undefined ? '' : ratio(samples, name, older, 3),
    )
  }
}

/** Bytes, and what is resident while a tool runs: medians. */
function printMemory(stands: readonly Stand[]): void {
  table(
    'A launcher: its bytes, and resident KB while its tool runs',
    'launcher',
    'bytes',
    'pool',
    'slot',
    'in all',
    'its own (anonymous)',
    'file',
    'shared',
  )
  for (const { name, directory } of stands) {
    const file = join(directory, '.jobshim/launcher')
    for (const pool of ['foreign', 'run'] as const) {
      const looks = Array.from({ length: memoryRounds }, () => memory(pool, file))
      for (const slot of ['implicit', 'token']) {
        const sizes = [0, 1, 2, 3].map(
          i => spread(looks.map(look => look.get(slot)?.[i] ?? Number.NaN)).middle,
        )
        print(named(name), String(readFileSync(file).length), pool, slot, ...sizes.map(String))
      }
    }
  }
}

/** Prints all places for these tools. In the hard ones, a tool that takes long would hide what the launcher takes. */
export function printPaths(
  tools: readonly (readonly [string, ...string[]])[],
  quick: readonly string[],
  rounds: number,
  older: Older,
): void {
  const stands = findStands(older)
  warnOfLedgers(stands)
  table(
    'The shim, path by path',
    'tool',
    'pool',
    'path',
    'launcher',
    'ms (quartiles)',
    'of bare',
    'of the older one',
  )
  for (const [tool, ...args] of tools)
    for (const place of quick.includes(tool) ? [...places, ...hardPlaces] : places)
      printPlace(place, tool, args, stands, rounds)
  printMemory(stands)
}
