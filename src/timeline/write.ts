/** A journal as `jobshim run` writes it: a line at its start, more at its end. */
import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats, writeSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { journalLayout } from '../contract/journal-layout.js'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { withoutOddBytes } from '../ground/bytes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { type HeldDirectory, holdDirectory } from '../ground/held-directory.js'
import { isOursOrRoots, trustOf } from '../ground/trust.js'
import type { BypassEvent, EndEvent, JournalEvent, PhaseEvent, StartEvent } from './event.js'

const { O_APPEND, O_CREAT, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants

type Own<Event> = Event extends unknown ? Omit<Event, 'jobshim' | 'pid' | 'at'> : never

/** What we write; the launcher writes the rest. */
export type OwnEvent = Own<StartEvent | BypassEvent | EndEvent> | (Own<PhaseEvent> & { at: number }) // of a phase: its start

export type Journal = {
  path: string
  append(event: OwnEvent): void // a disk that is full by then is no reason to fail a build
  close(): void
}

/**
 * Opens a journal, made where it is missing. `path` is absolute.
 * Throws `Failure` for what is no regular file, can't be written, or has a path that is too long to be handed on.
 */
export function openJournal(path: string): Journal {
  const fd = openToAppend(path)
  return {
    path,
    append(event) {
      const line = `${JSON.stringify(cut({ jobshim: journalLayout.version, pid: process.pid, at: now(), ...event }))}\n`
      try {
        writeSync(fd, line)
      } catch (error) {
        if (systemErrorCode(error) === undefined) throw error
      }
    },
    close: () => closeSync(fd),
  }
}

function openToAppend(path: string): number {
  if (Buffer.byteLength(path) >= ledgerLayout.journalBytes)
    throw new Failure(
      `${path.slice(0, 60)}...: the journal's path is too long`,
      `name one of less than ${ledgerLayout.journalBytes} bytes`,
    )
  try {
    const fd = openNamed(path)
    if (fstatSync(fd).isFile()) return fd
    closeSync(fd)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    if (code !== 'ENXIO')
      throw new Failure(
        `${path}: the journal can't be written (${code})`,
        'name a file in a directory of yours',
      )
  }
  throw new Failure(
    `${path}: not a regular file`,
    'name a file for the journal, or one that is not there yet',
  )
}

const flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY

const notOurs = (path: string, what: string): Failure =>
  new Failure(`${path}: ${what}`, 'name a file for the journal in a directory of yours')

// What another user put on the way would have us write anywhere (shims/journal/journal.c).
function openNamed(path: string): number {
  const directory = holdDirectory(dirname(path))
  try {
    const fd = openIn(directory, path)
    if (isOnlyThere(directory, fstatSync(fd))) return fd
    closeSync(fd)
    throw notOurs(path, 'a link to another file')
  } finally {
    directory.close()
  }
}

// A symlink is followed only if it is ours or root's, and stays so.
function openIn(directory: HeldDirectory, path: string): number {
  const held = directory.at(basename(path))
  try {
    return openSync(held, flags | O_NOFOLLOW, 0o666)
  } catch (error) {
    if (systemErrorCode(error) !== 'ELOOP') throw error
    if (trustOf(dirname(path), 'group').kind !== 'trusted' || !isOursOrRoots(lstatSync(held)))
      throw notOurs(path, "another user's symlink")
    return openSync(held, flags, 0o666)
  }
}

// A file of several names in a directory that others can write may be any file of ours, by a name that they gave it.
const isOnlyThere = ({ stats }: HeldDirectory, file: Stats): boolean =>
  file.nlink <= 1 || (isOursOrRoots(stats) && (stats.mode & 0o002) === 0)

const now = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000) / 1e6

const textMax = 1024
const roomForWords = 2048

// So that a line stays below its limit, whatever the command is: each text for itself, then the words at the end.
function cut(event: JournalEvent | OwnEvent): object {
  const short = (text: string): string => {
    let kept = text.slice(0, textMax)
    while (Buffer.byteLength(JSON.stringify(kept)) > textMax) kept = kept.slice(0, (kept.length * 3) >> 2)
    return kept
  }
  return Object.fromEntries(
    Object.entries(event).map(([key, value]) => [
      key,
      typeof value === 'string'
        ? short(withoutOddBytes(value))
        : Array.isArray(value)
          ? few(value.map(word => withoutOddBytes(String(word))))
          : value,
    ]),
  )
}

function few(words: readonly string[]): string[] {
  const kept: string[] = []
  let room = roomForWords
  for (const word of words) {
    room -= Buffer.byteLength(JSON.stringify(word)) + 1
    if (room < 0) return [...kept, '...']
    kept.push(word)
  }
  return kept
}
