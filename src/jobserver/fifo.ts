/** The pool itself: a FIFO with one byte for each free job slot. */
import { spawnSync } from 'node:child_process'
import { constants, openSync, readSync, writeSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { Failure, systemErrorCode } from '../ground/failure.js'
import type { MakeStyle } from '../toolchain/make-style.js'

const TOKEN = '+' // make's byte; clients give back the byte that they read

/** Opens a FIFO for reading and writing, non-blocking: what is in it stays for as long as anybody has it open. */
export const openFifo = (path: string): number => openSync(path, constants.O_RDWR | constants.O_NONBLOCK)

const styles: ReadonlySet<string> = new Set(['fifo', 'pipe', 'legacy'] satisfies MakeStyle[])
const isStyle = (word: string): word is MakeStyle => styles.has(word)

/**
 * Asks the launcher which style of jobserver the make of this environment reads, and has it make the FIFO at `path`, since Node has no such
 * call; `path` empty: none. Throws a system's error where that fails, `Failure` where there is no launcher.
 */
export function prepareFifo(
  launcher: string,
  environment: NodeJS.ProcessEnv,
  path: string,
  inherited: readonly number[] = [], // as descriptors from 3 up
): MakeStyle {
  const { error, stdout } = spawnSync(launcher, ['--prepare', path], {
    env: environment,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore', ...inherited],
  })
  const answer = stdout?.trim() ?? ''
  if (isStyle(answer)) return answer
  if (/^\d+$/.test(answer))
    throw Object.assign(new Error(`${path}: can't be made`), { code: getSystemErrorName(-Number(answer)) })
  throw new Failure(
    `${launcher}: can't be called${error ? ` (${systemErrorCode(error)})` : ''}`,
    'see jobshim doctor, or install the shims anew: jobshim install',
  )
}

/**
 * So many tokens a FIFO holds however often they come and go: fifteen full pages and a byte, since a byte is put behind the last one
 * of its page only, and a page is free once it is empty (the kernel's pipe(7) has sixteen).
 */
export const mostTokens = 15 * 4096 + 1

/** Throws `Failure` where a FIFO can't hold the tokens of so many `jobs`. */
export function assertFits(tokens: number, jobs: number): void {
  if (tokens <= mostTokens) return
  throw new Failure(
    `${jobs} jobs: more tokens than a FIFO holds`,
    `ask for fewer jobs; a FIFO holds ${mostTokens.toLocaleString('en')} tokens`,
  )
}

/** Puts tokens into a new FIFO. Throws where the user has no room for pipes. */
export function fillFifo(path: string, fifoFd: number, tokens: number): void {
  if (tokens > 0 && writeSync(fifoFd, TOKEN.repeat(tokens)) !== tokens)
    throw Object.assign(new Error(`${path}: can't be filled`), { code: 'EAGAIN' })
}

/**
 * Makes a FIFO (0600) with a token for each of `tokens`. Returns a descriptor that keeps it open.
 * Throws `Failure` where a FIFO can't hold the tokens of so many `jobs`.
 */
export function makeFifo(
  launcher: string,
  environment: NodeJS.ProcessEnv,
  { path, tokens, jobs }: { path: string; tokens: number; jobs: number },
): { fifoFd: number; makeStyle: MakeStyle } {
  assertFits(tokens, jobs)
  const makeStyle = prepareFifo(launcher, environment, path)
  const fifoFd = openFifo(path)
  fillFifo(path, fifoFd, tokens)
  return { fifoFd, makeStyle }
}

/** Takes all tokens out of the FIFO and returns how many there were. For the end of a pool only. */
export function drainFifo(fd: number): number {
  const bytes = Buffer.alloc(4096)
  let count = 0
  for (;;) {
    const read = readOrNothing(fd, bytes)
    count += read
    if (read < bytes.length) return count // it is empty by then
  }
}

function readOrNothing(fd: number, bytes: Buffer): number {
  try {
    return readSync(fd, bytes)
  } catch (error) {
    if (systemErrorCode(error) === 'EAGAIN') return 0
    throw error
  }
}
