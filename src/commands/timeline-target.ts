/** The file that a picture goes to. What is there already is not lost by a slip of the hand. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { replaceFile } from '../ground/replace-file.js'
import { journalMark } from '../timeline/event.js'
import { pageMark } from '../timeline/html.js'

export type Target = {
  path: string
  name: string // as the user wrote it
  isNamed: boolean // the user named it; else it is the default
  journal: string // the path of what is drawn
}

/** Throws `Failure` where something is there that must stay. */
export const checkTarget = (target: Target): void => guarded(target.name, () => check(target))

/**
 * Writes all of it or nothing. What is no plain file, such as a pipe, is written to. A new file may be read by who may
 * read the journal.
 */
export const writeTarget = (target: Target, content: Buffer): void =>
  guarded(target.name, () => write(target, content))

function check({ path, name, isNamed, journal }: Target): void {
  const there = look(path)
  if (!there) return
  const read = statSync(journal)
  if (there.isDirectory()) throw new Failure(`${name}: is a directory`, 'name a file in it with -o')
  if (!there.isFile()) return
  if (there.dev === read.dev && there.ino === read.ino)
    throw new Failure(`${name}: is the journal itself`, 'name another file with -o')
  const head = headOf(path)
  if (head.startsWith(journalMark)) throw new Failure(`${name}: is a journal`, 'name another file with -o')
  if (!isNamed && !head.includes(pageMark))
    throw new Failure(`${name}: exists, and is not a timeline of jobshim`, 'name it with -o to replace it')
}

function write({ path, journal }: Target, content: Buffer): void {
  const there = look(path)
  if (there && !there.isFile()) {
    writeThrough(path, content)
    return
  }
  const real = there ? realpathSync(path) : path // a link stays one
  replaceFile(real, {
    temporary: join(dirname(real), `.${basename(real)}.${process.pid}`),
    content,
    mode: (there ?? statSync(journal)).mode & 0o666,
  })
}

// Not made, and not cut, should another user have put a file of ours in its place meanwhile.
function writeThrough(path: string, content: Buffer): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_NOCTTY)
  try {
    if (fstatSync(file).isFile())
      throw new Failure(`${path}: another file was put there meanwhile`, 'name another file with -o')
    writeFileSync(file, content)
  } finally {
    closeSync(file)
  }
}

function guarded(name: string, action: () => void): void {
  try {
    action()
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined) throw error
    throw new Failure(`${name}: can't be written (${code})`, hints[code] ?? 'name another file with -o')
  }
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: 'make its directory first',
  ENOSPC: 'the disk is full: make room, or name a file elsewhere with -o',
}

const look = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false })

/** A page's mark stands within its first lines. */
function headOf(path: string): string {
  const buffer = Buffer.alloc(512)
  const file = openSync(path, 'r')
  try {
    return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0))
  } finally {
    closeSync(file)
  }
}
