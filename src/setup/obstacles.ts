/** What keeps a user's file from being changed: all that can be told before anything is. */
import { accessSync, constants, lstatSync, readlinkSync, type Stats, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { systemErrorCode } from '../ground/failure.js'
import { shWord } from '../ground/shell-word.js'
import { type Trust, trustOf } from '../ground/trust.js'
import type { Obstacle } from './plan.js'

/** Whether a part of the path is a file: then there is nothing at its end. */
export function isBelowFile(path: string): boolean {
  const trust = trustOf(path, 'group')
  return trust.kind === 'unreachable' && trust.code === 'ENOTDIR'
}

/** Returns why the file at an absolute path can't be written, or made where it is missing; undefined: nothing is known. */
export function obstacleAt(path: string): Obstacle | undefined {
  const trust = trustOf(path, 'group')
  switch (trust.kind) {
    case 'trusted':
      return ofFile(path, trust)
    case 'missing':
      return ofMissing(path)
    case 'unreachable':
      if (trust.code === 'ENOTDIR')
        return { why: `${trust.at} is not a directory`, hint: `move ${shWord(trust.at)} away` }
      return { why: `can't be reached (${trust.code})`, hint: `look at ${trust.at}` }
    case 'foreign':
      return { why: `${trust.at} ${trust.what}`, hint: 'run it as the user whose file it is' }
    case 'open':
      return { why: `${trust.at} ${trust.what}`, hint: `chmod o-w ${shWord(trust.at)}` }
  }
}

function ofFile(path: string, { place, stats }: Extract<Trust, { kind: 'trusted' }>): Obstacle | undefined {
  if (stats.isDirectory()) return { why: 'is a directory', hint: 'move it away' }
  if (!stats.isFile()) return { why: 'is not a plain file', hint: 'move it away' }
  if (stats.nlink > 1)
    return {
      why: `is one file with ${stats.nlink} names, and would become two`,
      hint: `make it a file of its own: cp -p ${shWord(path)} ${shWord(`${path}.new`)} && mv ${shWord(`${path}.new`)} ${shWord(path)}`,
    }
  if (isReadOnly(place, stats))
    return { why: 'is read-only', hint: `make it writable: chmod u+w ${shWord(place)}` }
  return ofDirectory(dirname(place))
}

// root may write it all the same, and would undo what its owner meant.
const isReadOnly = (place: string, { mode }: Stats): boolean => (mode & 0o200) === 0 || !mayWrite(place)

function ofMissing(path: string): Obstacle | undefined {
  const stats = look(path, statSync)
  if (stats?.isDirectory()) return ofDirectory(path)
  if (stats) return { why: `${path} is not a directory`, hint: `move ${shWord(path)} away` }
  if (look(path, lstatSync)) {
    const target = resolve(dirname(path), readlinkSync(path))
    return { why: `is a symlink to ${target}, which is missing`, hint: 'make that, or remove the symlink' }
  }
  return ofMissing(dirname(path))
}

const ofDirectory = (directory: string): Obstacle | undefined =>
  mayWrite(directory)
    ? undefined
    : { why: `${directory} is read-only`, hint: `make it writable: chmod u+w ${shWord(directory)}` }

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function look(path: string, by: typeof statSync): Stats | undefined {
  try {
    return by(path, { throwIfNoEntry: false })
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return undefined // gone, or unreachable since
  }
}
