import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Pool } from '../support/pool.js'
import { makePool } from '../support/pools.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** A shim dir with one tool, `hold`, that says `held` and its pid and runs until its stdin ends; then it exits 7. */
export type Yard = {
  root: string
  shims: string
  runtime: string // XDG_RUNTIME_DIR: ledgers of foreign jobservers lie in here
  pool: Pool // held open by the test
  env: Record<string, string> // the shims first on PATH, and no jobserver
  governed: Record<string, string> // with the pool as jobserver
}

const hold = `#!/bin/sh
echo held $$
while read -r line; do echo "$line"; done
exit 7
`

/** `launcher` and `look` stand in for those that all tests use; `tools`: what has a shim beside it. */
export async function makeYard(
  tokens: string,
  { launcher, look, tools = [] }: { launcher?: string; look?: string; tools?: readonly string[] } = {},
): Promise<Yard> {
  const root = makeWorkspace()
  const runtime = join(root, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  writeFiles(root, { 'bin/hold': hold })
  const path = `${join(root, 'bin')}:${process.env.PATH}`
  const shims = await installShims(join(root, 'shims'), {
    args: ['--tools', ['hold', ...tools].join(',')],
    env: { PATH: path },
    ...(launcher === undefined ? {} : { launcher }),
    ...(look === undefined ? {} : { look }),
  })
  const pool = await makePool(root, tokens)
  const env = { PATH: `${shims}:${path}`, XDG_RUNTIME_DIR: runtime }
  return { root, shims, runtime, pool, env, governed: { ...env, JOBSHIM_JOBSERVER: pool.auth } }
}

/** A FIFO at `path`: who reads it reads on until `open` is called. A pipe to a child won't do, Node closes it at its death. */
export function makeGate({ root }: Yard): { path: string; open: () => void } {
  const path = join(root, 'gate')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, 'r+')
  return { path, open: () => closeSync(fd) }
}
