/** Reads a journal: its events, and how much of the file was something else. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { journalLayout } from '../contract/journal-layout.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { type JournalEvent, journalEvent, journalMark, journalVersion } from './event.js'

/** What was passed over. */
export type Skipped = {
  cut: number // lines that begin as ours and break off
  foreign: number // lines of other programs
  otherVersion: number // lines of another jobshim, of a shape that this one doesn't know
}

export type Journal = { events: JournalEvent[]; skipped: Skipped }

const chunkBytes = 1 << 22
const newline = 0x0a

/** Beyond this a line is somebody else's; only its end may have one of ours glued to it. */
const longLine = 16 * journalLayout.lineMax

/**
 * Returns what a file holds, in its order. Throws `Failure` where it can't be read.
 * @param name what people call it
 */
export function readJournal(path: string, name = path): Journal {
  const journal: Journal = { events: [], skipped: { cut: 0, foreign: 0, otherVersion: 0 } }
  try {
    const file = openSync(path, 'r')
    try {
      if (fstatSync(file).isDirectory())
        throw new Failure(
          `${name}: is a directory, no journal`,
          'name a file that jobshim run --journal FILE wrote',
        )
      for (const line of linesOf(file)) readLine(line, journal)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(
      `${name}: the journal can't be read (${code})`,
      hints[code] ?? 'name a file that can be read',
    )
  }
  return journal
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'jobshim run --journal FILE -- CMD writes one',
  EACCES:
    'have its owner let you read it, or write a journal of your own with jobshim run --journal FILE -- CMD',
}

// A file without a newline may be of any size: of a long line only the end is kept.
function* linesOf(file: number): Generator<string> {
  const chunk = Buffer.allocUnsafe(chunkBytes)
  let rest: Buffer = Buffer.alloc(0)
  for (;;) {
    const bytes = readSync(file, chunk, 0, chunkBytes, null)
    if (bytes === 0) break
    const text = Buffer.concat([rest, chunk.subarray(0, bytes)])
    const end = text.lastIndexOf(newline) + 1
    if (end > 0) yield* text.toString('utf8', 0, end - 1).split('\n')
    rest = text.subarray(text.length - end > longLine ? text.length - 2 * journalLayout.lineMax : end)
  }
  if (rest.length > 0) yield rest.toString('utf8')
}

function readLine(line: string, journal: Journal): void {
  if (line.trim() === '') return
  const whole = parse(line)
  if (whole !== undefined) count(whole, journal)
  else
    for (const piece of pieces(line)) count(piece.startsWith(journalMark) ? parse(piece) : foreign, journal)
}

const foreign = Symbol('what no jobshim wrote')

function count(value: unknown, { events, skipped }: Journal): void {
  if (value === undefined) skipped.cut += 1
  else if (isOther(value)) skipped.otherVersion += 1
  else {
    const event = journalEvent.safeParse(value)
    if (event.success) events.push(event.data)
    else skipped.foreign += 1
  }
}

const isOther = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'jobshim' in value &&
  typeof value.jobshim === 'number' &&
  value.jobshim !== journalVersion

/** What was glued together: a line that was cut off, and those behind it. */
function pieces(line: string): string[] {
  const found: string[] = []
  let from = 0
  while (from < line.length) {
    const next = line.indexOf(journalMark, from + 1)
    found.push(line.slice(from, next === -1 ? undefined : next))
    if (next === -1) break
    from = next
  }
  return found
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
