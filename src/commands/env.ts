import { basename } from 'node:path'
import { loadSettings } from '../config/load.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { print, printExact } from '../ground/print.js'
import { fishWord, shWord } from '../ground/shell-word.js'
import { visibleLines } from '../ground/visible.js'
import { ensureShims, renderEnsured } from '../shimdir/ensure.js'
import { findTool, realDirectories } from '../shimdir/real-tools.js'
import { shellVariables, undone, usualPath } from '../shimdir/surroundings.js'
import type { CcachePrefixes } from '../tools/ccache.js'
import { ccachePrefixes } from '../tools/ccache-config.js'
import { command } from './command.js'
import { planSteps, tellSteps } from './github-actions.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'

/** How a shell is told a variable, and that there is none. */
const shells = {
  fish: {
    set: (name: string, value: string) => `set -gx ${name} ${fishWord(value)}`,
    unset: (name: string) => `set -e ${name}`,
  },
  sh: {
    set: (name: string, value: string) => `export ${name}=${shWord(value)}`,
    unset: (name: string) => `unset ${name}`,
  },
} as const

type Shell = keyof typeof shells

export const env = command({
  name: 'env',
  summary: 'print the variables that make a shell use the shims',
  options: [
    {
      name: 'shell',
      kind: 'text',
      value: 'S',
      completes: { kind: 'choice', values: Object.keys(shells) },
      text: 'sh (dash, bash, zsh ...) or fish (default: by $SHELL)',
    },
    {
      name: 'github',
      kind: 'switch',
      text: 'print nothing: tell the next steps of a GitHub Actions job, by GITHUB_PATH and GITHUB_ENV',
    },
    { name: 'unset', kind: 'switch', text: 'print what takes them back in this shell' },
    dirOption,
    ...configOptions,
    jsonOption,
  ],
  notes:
    'They put the shims first on PATH, and the launcher before what ccache, CMake, cargo and go start: CCACHE_PREFIX, ' +
    'CMAKE_C_COMPILER_LAUNCHER (CXX, CUDA, Fortran ...), RUSTC_WRAPPER, GOFLAGS=-toolexec. What is set there already ' +
    'stays, behind the launcher. RUSTC_WRAPPER has room for one program: if it is set, it stays as it is. The limit is ' +
    'that of the jobserver in MAKEFLAGS, which jobshim serve or make has made; without one there is no limit. ' +
    'If there are no shims yet, they are installed; those of tools that came to PATH since are added. ' +
    'With --unset, PATH loses all shims, and the variables lose the launcher; what you have set, before or since, stays.',
  examples: [
    { line: 'eval "$(jobshim env)"', text: 'for all builds of this shell from now on' },
    { line: 'jobshim env --shell fish | source', text: 'the same for fish' },
    { line: 'eval "$(jobshim env --unset)"', text: 'back to a shell without the shims' },
    { line: 'jobshim env --github', text: 'the same for the next steps of a GitHub Actions job' },
  ],
  async run({ flags, workingDirectory, environment }) {
    if (flags.unset && flags.github)
      throw new Failure('env: --unset and --github exclude each other', 'leave one out', exitCodes.usage)
    const shell = shells[shellOf(flags.shell, environment)]
    const settings = await loadSettings(flags, workingDirectory, environment)
    if (flags.unset) {
      const { dir } = settings
      const { variables, unset } = undone(dir, await configuredIn(dir, environment), environment)
      if (flags.json) print(`${renderJson({ dir, variables, unset })}\n`)
      else tell([...settingLines(shell, variables), ...unset.map(shell.unset)])
      return exitCodes.ok
    }
    const ensured = await ensureShims(settings.dir, settings, environment)
    const { dir } = ensured
    print(visibleLines(renderEnsured(ensured, false)), 2)
    const variables = shellVariables(dir, await configuredIn(dir, environment), environment)
    if (flags.github) tellSteps(planSteps(dir, variables), environment)
    if (flags.json) print(`${renderJson({ dir, variables })}\n`)
    else if (!flags.github) tell(settingLines(shell, variables))
    return exitCodes.ok
  },
})

/** Returns what the config of ccache says; undefined if there is no ccache. */
async function configuredIn(
  dir: string,
  environment: NodeJS.ProcessEnv,
): Promise<CcachePrefixes | undefined> {
  const directories = realDirectories(environment.PATH || usualPath, dir)
  const ccache = findTool('ccache', directories)
  return ccache === undefined ? undefined : await ccachePrefixes(ccache, directories, environment)
}

const settingLines = (shell: (typeof shells)[Shell], variables: Readonly<Record<string, string>>): string[] =>
  Object.entries(variables).map(([name, value]) => shell.set(name, value))

const tell = (lines: readonly string[]): void => printExact(lines.map(line => `${line}\n`).join(''))

function shellOf(named: string | undefined, { SHELL: own = '' }: NodeJS.ProcessEnv): Shell {
  if (named === undefined) return basename(own) === 'fish' ? 'fish' : 'sh'
  if (named === 'fish' || named === 'sh') return named
  throw new Failure(`env: --shell: unknown shell ${named}`, 'name sh or fish', exitCodes.usage)
}
