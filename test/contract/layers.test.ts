/** The folders of the launcher's source, and who may include whom: docs/source.md has the table. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

type Layer = { folder: string; may: readonly string[] }

const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

/** Returns the rows of the table, from the ground up. */
function readLayers(page: string): Layer[] {
  return page
    .split('\n')
    .map(line => /^\| (`[a-z]+`) \|[^|]+\|([^|]*)\|$/.exec(line))
    .filter(row => row !== null)
    .map(([, folder = '', may = '']) => ({ folder: codeIn(folder)[0] ?? '', may: codeIn(may) }))
}

/** Returns each C file of a directory, by its path in it, and the files of ours that it includes. */
function readIncludes(directory: string): Map<string, string[]> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\.[ch]$/.test(name),
  )
  return new Map(
    files.map(file => {
      const text = readFileSync(join(directory, file), 'utf8')
      return [file, [...text.matchAll(/^#include "([^"]+)"/gm)].map(([, included = '']) => included)]
    }),
  )
}

const folderOf = (file: string): string | undefined => (file.includes('/') ? dirname(file) : undefined)

/** Returns what points down, as `file -> file`. */
function downward(includes: ReadonlyMap<string, string[]>, layers: readonly Layer[]): string[] {
  const wrong: string[] = []
  for (const [file, all] of includes) {
    const folder = folderOf(file)
    if (folder === undefined) continue
    const layer = layers.find(one => one.folder === folder)
    const may = ['contract.h', ...(layer ? [folder, ...layer.may] : [])]
    wrong.push(
      ...all.filter(other => !may.includes(folderOf(other) ?? other)).map(other => `${file} -> ${other}`),
    )
  }
  return wrong.sort()
}

const moduleOf = (file: string): string => file.replace(/\.[ch]$/, '')

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

const shims = join(repository, 'shims')
const layers = readLayers(readFileSync(join(repository, 'docs/source.md'), 'utf8'))

test('layers :: the table names each folder, and only what stands above it', () => {
  const folders = readdirSync(shims, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name !== 'build')
    .map(({ name }) => name)
  assert.equal(layers.map(({ folder }) => folder).sort(), folders.sort())
  for (const [index, { folder, may }] of layers.entries())
    assert.equal(
      may.filter(other => !layers.slice(0, index).some(above => above.folder === other)),
      [],
      folder,
    )
})

test('layers :: no file includes what its folder may not', () => {
  assert.equal(downward(readIncludes(shims), layers), [])
})

test('layers :: no file includes itself by way of others', () => {
  assert.equal(circles(readIncludes(shims)), [])
})

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
  assert.equal(downward(includes, layers), ['ground/file.c -> proc/process.h', 'proc/tree.c -> run.h'])
  assert.equal(circles(includes).sort(), [
    'ground/file -> proc/process -> ground/file',
    'proc/process -> proc/tree -> proc/process',
  ])
})

test.run()
