/**
 * The FIFO of a server and its ledger, where somebody else may own the directory: all is done by descriptor, since they can move
 * what is there, and put links in its place.
 */
import {
  fchmodSync,
  fchownSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { machinePool } from '../contract/machine-pool.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { type HeldDirectory, holdDirectory } from '../ground/held-directory.js'
import { currentUid } from '../ground/paths.js'
import { assertFits, fillFifo, openFifo, prepareFifo } from './fifo.js'
import { createLedger } from './ledger.js'
import { inTheWay, removeSame } from './own-file.js'
import { thisProcess } from './owner.js'

/** Who may use it: the mode of the FIFO and its ledger, and their owners where they are to be others than we are. */
export type Access = { mode: number; uid: number | undefined; gid: number | undefined }

/** Throws `Failure` where root is to serve in a directory that others than its owner may write. */
export function assertServerPlace(path: string): void {
  try {
    assertOnlyOwnersWrite(dirname(path), statSync(dirname(path)))
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error // what is not there can't be locked, which tells
  }
}

function assertOnlyOwnersWrite(directory: string, { mode, gid }: Stats): void {
  const others = gid === 0 ? 0o002 : 0o022
  if (currentUid() !== 0 || (mode & others) === 0 || (mode & 0o1000) !== 0) return
  throw new Failure(
    `${directory}: can be written by ${(mode & 0o002) === 0 ? 'its group' : 'everybody'}`,
    'serve in a directory that only its owner may write, such as /run/jobshim',
  )
}

/** Throws `Failure` for the machine's pool of a user: whoever joins that needs the lock beside it, which a server has to its end. */
export function assertNoMachinePool({ place }: HeldDirectory, path: string): void {
  if (basename(path) !== machinePool || !basename(place).startsWith('jobshim-')) return
  throw new Failure(
    `${path}: is the machine's pool, which needs no server`,
    'keep it while nobody builds with jobshim run -q -- sleep infinity, or name another place with --fifo',
  )
}

export type ServerFiles = { fifoFd: number; ledgerFd: number }

/**
 * Makes both, in `directory`: in one of its own that only we can enter, then moves them. Nobody meets one half made or with wider
 * permissions, and nothing is overwritten.
 */
export function makeServerFiles(
  directory: HeldDirectory,
  path: string,
  jobs: number,
  access: Access,
  launcher: string,
): ServerFiles {
  assertFits(jobs)
  assertOnlyOwnersWrite(directory.place, directory.stats)
  const name = basename(path)
  sweepWorkshops(directory, name)
  return inWorkshop(directory, `.${name}.`, workshop => {
    const fifo = workshop.at('fifo')
    prepareFifo(launcher, process.env, workshop.inChild('fifo', 3), [workshop.fd])
    const fifoFd = openFifo(fifo)
    fillFifo(path, fifoFd, jobs)
    const ledgerFd = createLedger(
      workshop.at('ledger'),
      jobs,
      { ...thisProcess(), pid: 0 },
      {
        fifo: fstatSync(fifoFd, { bigint: true }),
      },
    )
    // Nobody trusts a ledger that everybody may write: where everybody may take tokens, others do so without a record.
    handOver(ledgerFd, { ...access, mode: access.mode & ~0o002 })
    handOver(fifoFd, access)
    const ledger = directory.at(`${name}.ledger`)
    place(workshop.at('ledger'), ledger, `${path}.ledger`)
    try {
      place(fifo, directory.at(name), path)
    } catch (error) {
      removeSame(ledger, ledgerFd)
      throw error
    }
    return { fifoFd, ledgerFd }
  })
}

function inWorkshop<Result>(
  directory: HeldDirectory,
  prefix: string,
  work: (workshop: HeldDirectory) => Result,
): Result {
  const name = basename(mkdtempSync(directory.at(prefix)))
  try {
    const workshop = holdDirectory(`${directory.place}/${name}`)
    try {
      if (workshop.stats.uid !== currentUid())
        throw new Failure(
          `${workshop.place}: is not what was made there`,
          'serve in a directory that is yours, or such as /run/jobshim',
        )
      return work(workshop)
    } finally {
      for (const made of workshopFiles) rmSync(workshop.at(made), { force: true })
      workshop.close()
    }
  } finally {
    removeEmpty(directory.at(name))
  }
}

// As rename(2), but of a name that is not there yet.
function place(from: string, to: string, path: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    throw systemErrorCode(error) === 'EEXIST' ? inTheWay(path) : error
  }
}

const workshopFiles: readonly string[] = ['fifo', 'ledger']

// Of servers that were killed in them: we have the lock, so nobody is at work there. What holds something else stays.
function sweepWorkshops(directory: HeldDirectory, name: string): void {
  const left = readdirSync(directory.at('.')).filter(
    entry => entry.startsWith(`.${name}.`) && /^\w{6}$/.test(entry.slice(name.length + 2)),
  )
  for (const entry of left) {
    const stats = lstatSync(directory.at(entry), { throwIfNoEntry: false })
    if (!stats?.isDirectory() || stats.uid !== currentUid() || (stats.mode & 0o077) !== 0) continue
    const workshop = holdDirectory(`${directory.place}/${entry}`)
    const names = workshop.stats.ino === stats.ino ? readdirSync(workshop.at('.')) : []
    if (names.every(made => workshopFiles.includes(made)))
      for (const made of names) rmSync(workshop.at(made), { force: true })
    workshop.close()
    removeEmpty(directory.at(entry))
  }
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path)
  } catch {
    // Whoever owns the directory has moved it.
  }
}

function handOver(fd: number, { mode, uid, gid }: Access): void {
  if (uid !== undefined || gid !== undefined) fchownSync(fd, uid ?? currentUid(), gid ?? fstatSync(fd).gid)
  fchmodSync(fd, mode)
}
