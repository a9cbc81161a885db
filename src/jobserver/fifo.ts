/** The pool itself: a FIFO with one byte for each free job slot. */
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { noAnswer } from '../launcher/answers.js'
import { callLook } from '../launcher/look.js'
import type { MakeStyle } from './make-style.js'

const TOKEN = '+' // make's byte; clients give back the byte that they read

/** Opens a FIFO for reading and writing, non-blocking: what is in it stays for as long as anybody has it open. */
export const openFifo = (path: string): number => openSync(path, constants.O_RDWR | constants.O_NONBLOCK)

const styles: readonly MakeStyle[] = ['fifo', 'pipe', 'legacy']

/**
 * Asks `look` which style of jobserver the make of this environment reads, and has it make the FIFO at `path`, since Node has no such
 * call; `path` empty: none. Throws a system's error where that fails, `Failure` where there is no `look`.
 */
export function prepareFifo(
  look: string,
  environment: NodeJS.ProcessEnv,
  path: string,
  inherited: readonly number[] = [], // as descriptors from 3 up
): MakeStyle {
  const outcome = callLook(look, 'prepare', { words: [path], environment, descriptors: inherited })
  if (outcome.kind === 'refused') {
    if (outcome.error !== 'system') throw noAnswer(look)
    throw Object.assign(new Error(`${path}: can't be made`), { code: getSystemErrorName(-outcome.errno) })
  }
  const style = styles.find(style => style === outcome.answer.style)
  if (style === undefined) throw noAnswer(look)
  return style
}

/** Throws `Failure` where a FIFO can't hold the tokens of so many jobs, wherever that number comes from. */
export function assertFits(jobs: number): void {
  if (jobs <= ledgerLayout.poolMax) return
  throw new Failure(
    `${jobs} jobs: more tokens than a FIFO holds`,
    `ask for fewer jobs; a FIFO holds ${ledgerLayout.poolMax.toLocaleString('en')} tokens`,
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
  look: string,
  environment: NodeJS.ProcessEnv,
  { path, tokens, jobs }: { path: string; tokens: number; jobs: number },
): { fifoFd: number; makeStyle: MakeStyle } {
  assertFits(jobs)
  const makeStyle = prepareFifo(look, environment, path)
  const fifoFd = openFifo(path)
  if (!fstatSync(fifoFd).isFIFO()) {
    closeSync(fifoFd)
    throw noAnswer(look)
  }
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
