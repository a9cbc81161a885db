/** Variables: does one of them open a pool of its own, or name a tool by its path? */
import { basename } from 'node:path'
import { bypassingTool } from '../bypass/configured.js'
import { wrongVariables } from '../config/variables.js'
import { environment as names } from '../contract/environment.js'
import { familyOf } from '../contract/families.js'
import { shWord } from '../ground/shell-word.js'
import { findAuth } from '../jobserver/auth.js'
import { jobsWanted, readMakeFlags } from '../jobserver/make-flags.js'
import { byCommand } from './advice.js'
import type { VariableFacts } from './variables-facts.js'
import { broken, type CheckRow, few, note, ok } from './verdict.js'

type JobsVariable = {
  name: string
  readBy: 'make' | 'cmake' | 'scripts' // scripts: nothing reads it but what a build makes of it
  joins: boolean // with `join` its -jN is dropped
  why: string
}

const jobsVariables: readonly JobsVariable[] = [
  {
    name: 'MAKEFLAGS',
    readBy: 'make',
    joins: false,
    why: 'jobshim run replaces it; without a pool in it make opens one',
  },
  {
    name: 'CMAKE_BUILD_PARALLEL_LEVEL',
    readBy: 'cmake',
    joins: true,
    why: 'cmake --build passes it on as -jN',
  },
  { name: 'MAKEOPTS', readBy: 'scripts', joins: true, why: "Portage's; a make -jN of a script's" },
  { name: 'NINJAFLAGS', readBy: 'scripts', joins: true, why: 'a ninja -jN is no client of any pool' },
  { name: 'NINJAOPTS', readBy: 'scripts', joins: true, why: "Portage's, as NINJAFLAGS" },
]

/** Returns the number of jobs that a value asks for, Infinity for -j alone, undefined where it asks for none. */
export function jobsOf(
  { name, readBy }: Pick<JobsVariable, 'name' | 'readBy'>,
  value: string,
): number | undefined {
  if (readBy === 'cmake') return /^\d+$/.test(value) ? Number(value) : undefined
  return jobsWanted(readMakeFlags(value, name === 'MAKEFLAGS' ? 'MAKEFLAGS' : 'a command line'))
}

/** How a variable of this table is written where it says N jobs. */
const said = (name: string, value: string): string => `${name}=${JSON.stringify(value)}`

/** Variables whose words start a compiler; those of a family of names are matched whole. */
const commandVariables =
  /^(?:CC|CXX|CPP|FC|F77|LD|AR|RANLIB|OBJC|OBJCXX|HOSTCC|HOSTCXX|BUILD_CC|BUILD_CXX|CC_FOR_BUILD|CXX_FOR_BUILD|RUSTC|RUSTC_LINKER|CARGO_TARGET_\w+_LINKER|CMAKE_\w+_COMPILER|CMAKE_\w+_LAUNCHER|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|CARGO_BUILD_RUSTC_WRAPPER|CCACHE_PREFIX|CCACHE_PREFIX_CPP|CCACHE_COMPILER|JAVAC|GOROOT_CC)$/

type Command = { name: string; words: string[]; tool: string | undefined }

function commandsIn({ environment, shims }: VariableFacts): Command[] {
  return Object.entries(environment)
    .filter(([name, value]) => commandVariables.test(name) && value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value = '']) => {
      const words = value.split(name.startsWith('CMAKE_') ? ';' : /\s+/).filter(word => word !== '')
      const [first = ''] = words
      const company = grabbing.includes(basename(first))
      const bare = company && !first.includes('/') && shims.length > 0 && !shims.includes(first)
      return { name, words, tool: bypassingTool(words) ?? (bare ? first : undefined) }
    })
}

/** They run compilers themselves, and take their slots by their shims. ccache does so by CCACHE_PREFIX. */
const grabbing: readonly string[] = ['distcc', 'icecc', 'sccache']

const named = (commands: readonly Command[]): string => {
  const settings = commands.map(({ name, words: [first = '', ...rest] }) => {
    const text = [basename(first), ...rest].join(name.startsWith('CMAKE_') ? ';' : ' ')
    return `${name}=${shWord(text)}`
  })
  return `export ${settings.join(' ')}`
}

export const variableRows: readonly CheckRow<VariableFacts>[] = [
  {
    name: 'shims switched on',
    why: 'JOBSHIM_DISABLE is easily forgotten in a profile',
    judge: ({ environment }) =>
      environment[names.disable] === '1'
        ? broken(
            `${names.disable}=1: every shim runs its tool without a slot`,
            byCommand('disabled', `unset ${names.disable}`),
          )
        : ok(`${names.disable} is not set`),
  },
  {
    name: 'settings in variables',
    why: 'a launcher passes over a value that it does not understand, in silence',
    judge({ environment }) {
      const wrong = wrongVariables(environment)
      if (wrong.length === 0) return ok('each has a value that it can have')
      const command = `unset ${wrong.map(({ name }) => name).join(' ')}`
      return broken(
        wrong.map(({ text }) => text).join('; '),
        byCommand('setting-variables', command, 'give it such a value, or'),
      )
    },
  },
  {
    name: '-j in variables',
    why: 'a client with a -jN of its own opens a pool of its own',
    judge({ environment, joins, hasPool }) {
      const found = jobsVariables.flatMap(row => {
        const value = environment[row.name] ?? ''
        const jobs = jobsOf(row, value)
        if (jobs === undefined || jobs === 1 || (row.joins && joins)) return []
        // With a pool in it the number is that pool's.
        if (row.name === 'MAKEFLAGS' && findAuth(value)) return []
        const defeats = row.readBy !== 'scripts' && (row.name !== 'MAKEFLAGS' || hasPool)
        return [{ ...row, text: said(row.name, value), defeats }]
      })
      const worst = found.filter(({ defeats }) => defeats)
      const command = `unset ${found.map(({ name }) => name).join(' ')}`
      const what = found.some(row => row.joins) ? 'say join: true in the config, or' : undefined
      const orJoin = byCommand('jobs-variables', command, what)
      if (worst.length > 0)
        return broken(`${few(worst.map(({ text }) => text))}: opens a pool beside jobshim's`, orJoin)
      if (found.length === 0) return ok('none opens a pool of its own')
      const texts = few(found.map(({ text }) => text))
      return found.some(({ readBy }) => readBy === 'scripts')
        ? note(`${texts}: a build that passes it on opens a pool of its own`, orJoin)
        : note(`${texts}: without a pool; jobshim run puts its own there`)
    },
  },
  {
    name: 'tools in variables',
    why: 'a tool that is named by its path goes past its shim',
    needs: 'shims',
    judge(facts) {
      const past = commandsIn(facts).filter(
        ({ tool = '' }) => facts.shims.includes(basename(tool)) || familyOf(basename(tool)) !== undefined,
      )
      if (past.length === 0) return ok('none is named by its path')
      return broken(
        `${few(past.map(({ name, words }) => said(name, words.join(' '))))}: past the shims`,
        byCommand('tools-variables', named(past), 'name it without its directory'),
      )
    },
  },
  {
    name: 'sccache and icecc',
    why: 'if they are not called through their shims, their compilers take no slot',
    judge(facts) {
      const byPath = facts.before.filter(({ program }) => grabbing.includes(program))
      const byVariable = commandsIn(facts).filter(({ tool = '' }) => grabbing.includes(basename(tool)))
      if (byPath.length > 0)
        return broken(
          `${few(byPath.map(({ path, program }) => `${path} (${program})`))}: before the shims on PATH`,
          byCommand(
            'engine-early',
            `export PATH=${shWord(facts.dir)}:"$PATH"`,
            'put the shims first: they find it behind themselves, and take its slots',
          ),
        )
      if (byVariable.length > 0)
        return broken(
          `${few(byVariable.map(({ name, words }) => said(name, words.join(' '))))}: past the shims`,
          byCommand(
            'engine-variable',
            byVariable.every(({ tool = '' }) => facts.shims.includes(basename(tool)))
              ? named(byVariable)
              : `${named(byVariable)}; ${facts.install}`,
            'name it without its directory, and let it have a shim (adapters in the config)',
          ),
        )
      return ok('neither stands before the shims, nor distcc')
    },
  },
]
