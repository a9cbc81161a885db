import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The clone that is being tested; this file runs as dist/test/support/workspace.js. */
export const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

const made: string[] = []

process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

/** A new directory below TMPDIR, removed when the test file ends. */
export function makeWorkspace(name = 'work'): string {
  const directory = mkdtempSync(join(tmpdir(), `${name}-`))
  made.push(directory)
  return directory
}

/** Lets other users into a workspace, through all directories above it that were made for these tests. */
export function openToOthers(workspace: string): void {
  for (let directory = workspace; directory !== '/'; directory = dirname(directory)) {
    const { mode } = statSync(directory)
    if ((mode & 1) === 0) chmodSync(directory, mode | 0o111)
  }
}

/** Writes text files, by path relative to `directory`; a file that starts with `#!` becomes executable. */
export function writeFiles(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 })
  }
}

/** Copies files of the clone into `directory`, under their base names' place relative to `from`. */
export function copyFiles(from: string, names: readonly string[], directory: string): void {
  for (const name of names) cpSync(join(repository, from, name), join(directory, name), { recursive: true })
}
