/** How a step of GitHub Actions tells the next ones: https://docs.github.com/actions/reference/workflow-commands, "environment files". */
import { randomUUID } from 'node:crypto'
import { appendFileSync, closeSync, constants, openSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'

type File = 'GITHUB_PATH' | 'GITHUB_ENV'

/**
 * Returns what is to be appended to each file: a directory that goes first on PATH, and all other variables. `mark` ends a
 * value of several lines.
 */
export function planSteps(
  dir: string,
  { PATH: _, ...variables }: Readonly<Record<string, string>>,
  mark: string = randomUUID(),
): Readonly<Record<File, string>> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}<<${mark}\n${value}\n${mark}\n`)
  return { GITHUB_PATH: `${dir}\n`, GITHUB_ENV: lines.join('') }
}

/**
 * Appends them. Throws `Failure` outside of a step, whose files these are: both are open before one is written, so that the next steps
 * are told all or nothing.
 */
export function tellSteps(texts: Readonly<Record<File, string>>, environment: NodeJS.ProcessEnv): void {
  const opened: Opened[] = []
  try {
    for (const name of ['GITHUB_PATH', 'GITHUB_ENV'] as const) opened.push(open(name, environment[name]))
    for (const file of opened) attempt(file, () => appendFileSync(file.descriptor, texts[file.name]))
  } finally {
    for (const { descriptor } of opened) closeSync(descriptor)
  }
}

interface Opened {
  readonly name: File
  readonly path: string
  readonly descriptor: number
}

function open(name: File, path: string | undefined): Opened {
  if (!path)
    throw new Failure(
      `env: --github: ${name} is not set`,
      'run it in a step of GitHub Actions, or leave out --github',
    )
  const descriptor = attempt({ name, path }, () => openSync(path, constants.O_WRONLY | constants.O_APPEND))
  return { name, path, descriptor }
}

function attempt<T>({ name, path }: Pick<Opened, 'name' | 'path'>, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(`env: --github: ${name}=${path}: ${code}`, 'let the runner of GitHub Actions set it')
  }
}
