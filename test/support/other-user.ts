/** Tests with two users and root want root, who may become the others. */
import { spawnSync } from 'node:child_process'
import { chmodSync, lchownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { repository } from './workspace.js'

export const isRoot = process.geteuid?.() === 0

/** Two users who have nothing to do with each other. */
export const nobody = 65534
export const eve = 4001

/** What stands before a command that such a user runs. */
export const asUser = (uid: number): string[] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--clear-groups',
]

/** Registers a test that only root can do. */
export const testAsRoot = (name: string, body: () => void | Promise<void>): void =>
  void (isRoot ? test(name, body) : test.skip(name))

/** The clone, and Node, may lie where other users may not look. */
export const maySeeClone =
  isRoot &&
  spawnSync('setpriv', [
    ...asUser(eve).slice(1),
    process.execPath,
    join(repository, 'bin/jobshim.js'),
    '--version',
  ]).status === 0

/** Registers a test in which other users run jobshim. */
export const testAsOthers = (name: string, body: () => Promise<void>): void =>
  void (maySeeClone ? test(name, body) : test.skip(name))

/** Makes a directory of that user. */
export function makeDirectoryOf(uid: number, path: string, mode = 0o700): string {
  mkdirSync(path, { recursive: true })
  chmodSync(path, mode)
  lchownSync(path, uid, uid)
  return path
}
