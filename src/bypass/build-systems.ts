/**
 * Where build systems keep the tools that they found when a tree was configured. Most write absolute paths, which go past
 * shims that came later.
 */
import { basename } from 'node:path'
import { cmakeCommands } from './cmake-tree.js'
import { autoconfCommands, isMadeByConfigure, wafCommands } from './configure-tree.js'
import { mesonCommands } from './meson-tree.js'
import type { BakedCommand, ConfiguredPlace } from './tree-advice.js'

export type BuildSystem = {
  name: string
  file: string // below a directory; there it is configured
  writtenBy?: readonly string[] // files of other rows: where one is, this file is only what came of it
  isMade?: (file: string) => boolean // likewise, by what is not beside it
  why: string
  commands(text: string, place: ConfiguredPlace): BakedCommand[]
}

export const buildSystems: readonly BuildSystem[] = [
  {
    name: 'cmake',
    file: 'CMakeCache.txt',
    why: 'CMake looks for a compiler once, and keeps its absolute path',
    commands: cmakeCommands,
  },
  {
    name: 'meson',
    file: 'meson-info/intro-targets.json',
    why: 'a compiler is kept as CC or a native file names it; ccache and sccache by their absolute paths since Meson 1.2',
    commands: mesonCommands,
  },
  {
    name: 'autoconf',
    file: 'config.status',
    why: 'configure keeps CC as it was called with',
    commands: autoconfCommands,
  },
  {
    name: 'waf',
    file: 'c4che/_cache.py',
    why: 'waf looks for its tools once, and keeps their absolute paths',
    commands: wafCommands,
  },
  ...['GNUmakefile', 'makefile', 'Makefile'].map(
    (file): BuildSystem => ({
      name: 'make',
      file,
      writtenBy: ['CMakeCache.txt', 'config.status', 'CMakeFiles/progress.marks'],
      isMade: isMadeByConfigure,
      why: 'people and generators write paths into variables and recipes',
      commands: text => makeCommands(text, file),
    }),
  ),
  {
    name: 'ninja',
    file: 'build.ninja',
    writtenBy: ['CMakeCache.txt', 'meson-info/intro-targets.json'],
    why: 'always generated: by gn, a configure.py and others',
    commands: ninjaCommands,
  },
]

const wordsOf = (text: string): string[] => text.split(/\s+/).filter(word => word !== '')

const assignment = /^\s*(?:override\s+|export\s+)*([\w.-]+)\s*(?:::?:?|\?|!)?=\s*(\/[^#]*)/

function makeCommands(text: string, file: string): BakedCommand[] {
  return logicalLines(text, '\\').flatMap(line => {
    const [, variable, value = ''] = line.startsWith('\t') ? [] : (assignment.exec(line) ?? [])
    if (variable !== undefined) {
      const words = wordsOf(value)
      const name = basename(words[0] ?? '')
      const fix = `write ${variable} = ${name} in ${file}, or call make ${variable}=${name}`
      return [{ words, advice: { id: 'tree-variable', fix } }]
    }
    return line.startsWith('\t') ? recipeCommands(line.replace(/^[\t@+-]+/, ''), 'tree-recipe', file) : []
  })
}

function ninjaCommands(text: string): BakedCommand[] {
  return logicalLines(text, '$').flatMap(line => {
    const [, value] = /^\s*[\w.-]+\s*=\s*(.*)$/.exec(line) ?? []
    return value === undefined || line.startsWith('#')
      ? []
      : recipeCommands(value, 'tree-ninja', 'what writes build.ninja')
  })
}

// A recipe may have several commands; what stands before one (a variable, `env`) is not looked through.
const recipeCommands = (recipe: string, id: 'tree-recipe' | 'tree-ninja', file: string): BakedCommand[] =>
  recipe
    .split(/&&|\|\||[;|]/)
    .map(wordsOf)
    .filter(([first]) => first?.startsWith('/'))
    .map(words => ({
      words,
      advice: { id, fix: `write ${basename(words[0] ?? '')} without its directory in ${file}` },
    }))

const logicalLines = (text: string, joiner: '\\' | '$'): string[] =>
  text.replaceAll(`${joiner}\n`, ' ').split('\n')
