/** The folders of the source, and who may include or import whom: docs/source.md has the tables. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

type Layer = { folder: string; may: readonly string[] }

const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

/** Returns the rows of the table below the heading that names a directory, from the ground up. */
function readLayers(page: string, directory: string): Layer[] {
  const section = page.split(/^## /m).find(text => text.split('\n')[0]?.endsWith(`: ${directory}/`)) ?? ''
  return section
    .split('\n')
    .map(line => /^\| (`[a-z/]+`) \|[^|]+\|([^|]*)\|$/.exec(line))
    .filter(row => row !== null)
    .map(([, folder = '', may = '']) => ({ folder: codeIn(folder)[0] ?? '', may: codeIn(may) }))
}

/** Returns each C file of a directory, by its path in it, and the files of ours that it includes. */
function readIncludes(directory: string): Map<string, string[]> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    name => /\.[ch]$/.test(name) && !name.startsWith('build/'),
  )
  return new Map(
    files.map(file => {
      const text = readFileSync(join(directory, file), 'utf8')
      return [file, [...text.matchAll(/^#include "([^"]+)"/gm)].map(([, included = '']) => included)]
    }),
  )
}

/** Returns each TypeScript file of a directory, by its path in it, and the files of it that it imports in whatever way. */
function readImports(directory: string): Map<string, string[]> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.ts'),
  )
  return new Map(
    files.map(file => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(directory, file), 'utf8'), true, true)
      const own = importedFiles.map(({ fileName }) => fileName).filter(name => name.startsWith('.'))
      return [file, own.map(name => normalize(join(dirname(file), name)).replace(/\.js$/, '.ts'))]
    }),
  )
}

const folderOf = (file: string): string | undefined => (file.includes('/') ? dirname(file) : undefined)

/** Returns what points down, as `file -> file`. What lies in no folder may include all, and only what is `above` is included by all. */
function downward(
  includes: ReadonlyMap<string, string[]>,
  layers: readonly Layer[],
  above: readonly string[] = [],
): string[] {
  const wrong: string[] = []
  for (const [file, all] of includes) {
    const folder = folderOf(file)
    if (folder === undefined) continue
    const layer = layers.find(one => one.folder === folder)
    const may = [...above, ...(layer ? [folder, ...layer.may] : [])]
    wrong.push(
      ...all.filter(other => !may.includes(folderOf(other) ?? other)).map(other => `${file} -> ${other}`),
    )
  }
  return wrong.sort()
}

const moduleOf = (file: string): string => file.replace(/\.([ch]|ts)$/, '')

/** Returns the circles among the folders' files: each by its way, `a -> b -> a`. */
function circles(includes: ReadonlyMap<string, string[]>): string[] {
  const next = new Map<string, Set<string>>()
  for (const [file, all] of includes) {
    if (folderOf(file) === undefined) continue
    const others = next.get(moduleOf(file)) ?? new Set()
    for (const other of all.map(moduleOf)) if (other !== moduleOf(file)) others.add(other)
    next.set(moduleOf(file), others)
  }
  const found: string[] = []
  const done = new Set<string>()
  const walk = (at: string, way: readonly string[]): void => {
    if (way.includes(at)) found.push([...way.slice(way.indexOf(at)), at].join(' -> '))
    if (way.includes(at) || done.has(at)) return
    for (const other of next.get(at) ?? []) walk(other, [...way, at])
    done.add(at)
  }
  for (const name of next.keys()) walk(name, [])
  return found
}

const page = readFileSync(join(repository, 'docs/source.md'), 'utf8')
const generated = ['contract.h']

const sources = [
  { directory: 'shims', read: readIncludes, above: generated },
  { directory: 'src', read: readImports, above: [] },
] as const

/** Returns the folders below a directory that have files of their own. */
const foldersOf = (includes: ReadonlyMap<string, string[]>): string[] =>
  [...new Set([...includes.keys()].map(folderOf).filter(folder => folder !== undefined))].sort()

for (const { directory, read, above } of sources) {
  const layers = readLayers(page, directory)
  const includes = read(join(repository, directory))

  test(`layers :: ${directory}: the table names each folder, and only what stands above it`, () => {
    assert.equal(layers.map(({ folder }) => folder).sort(), foldersOf(includes))
    for (const [index, { folder, may }] of layers.entries())
      assert.equal(
        may.filter(other => !layers.slice(0, index).some(above => above.folder === other)),
        [],
        folder,
      )
  })

  test(`layers :: ${directory}: no file includes what its folder may not`, () => {
    assert.equal(downward(includes, layers, above), [])
  })

  test(`layers :: ${directory}: no file includes itself by way of others`, () => {
    assert.equal(circles(includes), [])
  })
}

test('layers :: a planted include is noticed', () => {
  const directory = makeWorkspace()
  for (const folder of ['ground', 'proc']) mkdirSync(join(directory, folder))
  writeFiles(directory, {
    'ground/file.c': '#include "ground/file.h"\n#include "proc/process.h"\n',
    'ground/file.h': '',
    'proc/process.c': '#include "proc/process.h"\n#include "ground/file.h"\n#include "contract.h"\n',
    'proc/process.h': '#include "proc/tree.h"\n',
    'proc/tree.c': '#include "proc/process.h"\n#include "run.h"\n',
    'proc/tree.h': '',
    'run.c': '#include "proc/process.h"\n',
  })
  const includes = readIncludes(directory)
  assert.equal(downward(includes, readLayers(page, 'shims'), generated), [
    'ground/file.c -> proc/process.h',
    'proc/tree.c -> run.h',
  ])
  assert.equal(circles(includes).sort(), [
    'ground/file -> proc/process -> ground/file',
    'proc/process -> proc/tree -> proc/process',
  ])
})

test('layers :: a planted import is noticed, of whatever kind', () => {
  const directory = makeWorkspace()
  for (const folder of ['ground', 'config', 'timeline/page'])
    mkdirSync(join(directory, folder), { recursive: true })
  writeFiles(directory, {
    'ground/static.ts': "import { load } from '../config/load.js'\n",
    'ground/type.ts': "import type { Settings } from '../config/load.js'\n",
    'ground/types.ts': "import { type Settings } from '../config/load.js'\n",
    'ground/inner.ts': "type Settings = import('../config/load.js').Settings\n",
    'ground/later.ts': "const load = async () => (await import('../config/load.js')).load\n",
    'ground/export.ts': "export { load } from '../config/load.js'\n",
    'ground/effect.ts': "import '../timeline/page/main.js'\n",
    'ground/paths.ts': "// import '../config/load.js'\nimport { join } from 'node:path'\n",
    'config/load.ts': "import { paths } from '../ground/paths.js'\nimport type { Read } from './read.js'\n",
    'config/read.ts': "import { run } from '../main.js'\nconst load = () => import('./load.js')\n",
    'timeline/chart.ts': "import { draw } from './page/main.js'\n",
    'timeline/page/main.ts':
      "import { ink } from '../theme.js'\nimport { paths } from '../../ground/paths.js'\n",
    'timeline/theme.ts': '',
    'main.ts': "import { load } from './config/load.js'\nimport { paths } from './ground/paths.js'\n",
  })
  const imports = readImports(directory)
  assert.equal(downward(imports, readLayers(page, 'src')), [
    'config/read.ts -> main.ts',
    'ground/effect.ts -> timeline/page/main.ts',
    'ground/export.ts -> config/load.ts',
    'ground/inner.ts -> config/load.ts',
    'ground/later.ts -> config/load.ts',
    'ground/static.ts -> config/load.ts',
    'ground/type.ts -> config/load.ts',
    'ground/types.ts -> config/load.ts',
    'timeline/chart.ts -> timeline/page/main.ts',
    'timeline/page/main.ts -> ground/paths.ts',
  ])
  assert.equal(circles(imports), ['config/load -> config/read -> config/load'])
})

test('layers :: no two C files have one name, but for each main.c: their objects may lie side by side', () => {
  const names = readdirSync(join(repository, 'shims'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.c'))
    .map(path => basename(path))
  const twice = names.filter((name, at) => names.indexOf(name) !== at && name !== 'main.c')
  assert.equal(twice, [])
})

test.run()
