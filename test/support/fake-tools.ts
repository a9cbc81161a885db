import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { jobshim, type Outcome } from './jobshim.js'
import { installShims } from './shimdir.js'
import { makeWorkspace, writeFiles } from './workspace.js'

/** A workspace with a PATH of its own: `tools/` has these programs, `shims` is where the shim dir goes. */
export type Bench = {
  root: string
  dir: string
  path: string
  call: (...args: string[]) => Promise<Outcome>
  install: (...args: string[]) => Promise<string> // as a step towards what is tested: without another Node
}

/** Makes a bench. `call` runs jobshim with `--dir` and PATH set to the bench's. */
export function makeBench(tools: readonly string[]): Bench {
  const root = makeWorkspace()
  const dir = join(root, 'shims')
  const path = join(root, 'tools')
  writeFiles(root, Object.fromEntries(tools.map(name => [`tools/${name}`, `#!/bin/sh\necho ${name}\n`])))
  const env = { PATH: path, HOME: root, XDG_DATA_HOME: join(root, 'data') }
  return {
    root,
    dir,
    path,
    install: (...args) => installShims(dir, { args, cwd: root, env }),
    call: (command, ...args) => jobshim([command ?? '', '--dir', dir, ...args], { cwd: root, env }),
  }
}

/** What is in a directory, by name: a link's target, or the kind of file. Sorted. */
export function picture(directory: string): Record<string, string> {
  const look = (name: string): string => {
    const stats = lstatSync(join(directory, name))
    if (stats.isSymbolicLink()) return `-> ${readlinkSync(join(directory, name))}`
    return stats.isDirectory() ? 'directory' : 'file'
  }
  return Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map(name => [name, look(name)]),
  )
}

/** The shims of these names, as `picture` shows them. */
export const links = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map(name => [name, `-> .jobshim/bin/${name}`]))
