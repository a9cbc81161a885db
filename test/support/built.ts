/** Programs of test/support that stand in for others or look at them, built once for all files of a run. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import * as assert from 'uvu/assert'
import { scrubbed } from './jobshim.js'
import { makeWorkspace, repository } from './workspace.js'

const support = join(repository, 'test/support')

let _place: string | undefined

/** Where they lie: in the directory that test/run-all.ts made, or in one of this file's own. */
function place(): string {
  _place ??= process.env.JOBSHIM_TEST_BUILT ?? makeWorkspace('built')
  return _place
}

const digest = (words: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 16)

/** Files build at the same time, so that each does so under a name of its own. */
function buildOnce(key: string, make: (output: string) => void): string {
  const program = join(place(), key)
  if (!existsSync(program)) {
    make(`${program}.${process.pid}`)
    renameSync(`${program}.${process.pid}`, program)
  }
  return program
}

/** Builds C files of test/support as one program, and puts a copy of it where it is wanted: some find their files by their own place. */
export function buildProgram(output: string, names: readonly string[], flags: readonly string[] = []): void {
  const headers = readdirSync(support).filter(name => name.endsWith('.h'))
  const texts = [...names, ...headers].map(name => readFileSync(join(support, name), 'utf8'))
  const program = buildOnce(digest([...texts, ...flags]), file =>
    execFileSync('cc', ['-O1', ...flags, '-o', file, ...names.map(name => join(support, name))]),
  )
  copyFileSync(program, output)
}

/** The launcher's own C files, as paths below `shims`. */
const launcherFiles = (): string[] =>
  readdirSync(join(repository, 'shims'), { recursive: true, encoding: 'utf8' }).filter(file =>
    /\.[ch]$/.test(file),
  )

/** How a launcher, or `look`, differs from the one that is built for everybody. */
export type Differing = {
  instead?: Readonly<Record<string, string>> // files of test/support, each by the path of that of shims/ which it replaces
  wraps?: readonly string[] // further files of test/support: the linker puts __wrap_NAME of one in the place of NAME, which is then __real_NAME
  flags?: readonly string[] // the compiler's
}

/** Builds a launcher, or `look`, with a fault, or one that looks elsewhere; the make file decides on the compiler. */
export function buildLauncher(
  output: string,
  { instead = {}, wraps = [], flags = [] }: Differing,
  name: 'launcher' | 'look' = 'launcher',
): void {
  const shims = join(repository, 'shims')
  const others = name === 'look' ? 'launcher/' : 'look/'
  const files = launcherFiles().filter(file => file.endsWith('.h') || !file.startsWith(others))
  for (const file of Object.keys(instead)) assert.ok(files.includes(file), `${name} has no ${file}`)
  const own = files.map(file => join(shims, file)).filter(file => !(relative(shims, file) in instead))
  const linked = [...own, ...[...Object.values(instead), ...wraps].map(file => join(support, file))]
  const texts = [...linked, join(shims, 'Makefile')].map(file => readFileSync(file, 'utf8'))
  const sources = linked.filter(file => file.endsWith('.c')).join(' ')
  const wrapped = wraps.flatMap(file => [
    ...readFileSync(join(support, file), 'utf8').matchAll(/\b__wrap_(\w+)\(/g),
  ])
  const all = [...flags, ...wrapped.map(([, name]) => `-Wl,--wrap=${name}`)]
  const extra = all.map(flag => `'${flag}'`).join(' ')
  const place = name === 'look' ? 'LOOK' : 'OUT'
  const program = buildOnce(digest([...texts, ...all, name]), file =>
    execFileSync(
      'make',
      ['-s', '-C', shims, `${place}=${file}`, `SOURCES=${sources}`, `EXTRA=${extra}`, file],
      { env: scrubbed() },
    ),
  )
  copyFileSync(program, output)
}

const includedBy = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^#include "([^"]+\.h)"/gm)].map(([, header = '']) => header)

/** The headers of shims/ that a C file includes, by way of others, too, and the C files that belong to these; as paths in shims/. */
function neededBy(file: string): string[] {
  const shims = join(repository, 'shims')
  const sources = new Map<string, string[]>() // by their header: the first one of their own folder that they include
  for (const source of launcherFiles().filter(name => name.endsWith('.c') && !name.endsWith('/main.c'))) {
    const header = includedBy(join(shims, source)).find(name => dirname(name) === dirname(source)) ?? ''
    sources.set(header, [...(sources.get(header) ?? []), source])
  }
  const needed = new Set<string>()
  const walk = (path: string): void => {
    const headers = includedBy(path).filter(name => existsSync(join(shims, name)))
    for (const name of headers.flatMap(header => [header, ...(sources.get(header) ?? [])])) {
      if (needed.has(name)) continue
      needed.add(name)
      walk(join(shims, name))
    }
  }
  walk(file)
  return [...needed].map(name => join(shims, name)).sort()
}

/** Builds a C file of test/ together with those of the launcher's sources of which it asks something. */
export function buildWithLauncher(output: string, path: string, flags: readonly string[] = []): void {
  const file = join(repository, 'test', path)
  const headers = readdirSync(dirname(file)).filter(name => name.endsWith('.h'))
  const needed = neededBy(file)
  const read = [file, ...headers.map(name => join(dirname(file), name)), ...needed]
  const texts = read.map(path => readFileSync(path, 'utf8'))
  const sources = [file, ...needed.filter(path => path.endsWith('.c'))]
  const all = ['-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Wshadow', '-Werror', ...flags]
  const program = buildOnce(digest([...texts, ...all]), output =>
    execFileSync('cc', [...all, '-I', join(repository, 'shims'), '-o', output, ...sources]),
  )
  copyFileSync(program, output)
}
