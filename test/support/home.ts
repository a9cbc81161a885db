/** Homes in which `jobshim setup` is called. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { jobshim, type Outcome } from './jobshim.js'
import { makeWorkspace, writeFiles } from './workspace.js'

/** A home, as its user left it: texts with a character for each byte, by paths in it. */
export type HomeRow = {
  name: string
  files?: Readonly<Record<string, string>>
  shells?: string // for --shell; else that of SHELL, bash
  prepare?: (home: string) => void | Promise<void>
  env?: (home: string) => Readonly<Record<string, string>>
}

export type Home = {
  home: string
  shims: string
  env: Readonly<Record<string, string | undefined>>
  setup(...words: readonly string[]): Promise<Outcome>
  /** What `setup --json` says of a call that succeeds. */
  told(...words: readonly string[]): Promise<Told>
}

export type Told = {
  changed: boolean
  slots: number
  shims: string
  files: { path: string; how: string; lines: string[] }[]
}

/** Makes one; on its PATH is no more than a `cc`, and what `programs` says. */
export async function makeHome(
  { files = {}, shells, prepare, env = () => ({}) }: Omit<HomeRow, 'name'>,
  programs: readonly string[] = [],
): Promise<Home> {
  const root = makeWorkspace('home')
  const home = join(root, 'user')
  mkdirSync(home)
  writeFiles(root, { 'bin/cc': '#!/bin/sh\n' })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true })
    writeFileSync(join(home, name), text, 'latin1')
  }
  const surroundings = {
    HOME: home,
    PATH: [join(root, 'bin'), ...programs].join(':'),
    SHELL: '/bin/bash',
    XDG_CACHE_HOME: join(root, 'cache'),
    XDG_CONFIG_HOME: undefined,
    XDG_DATA_HOME: undefined,
    ...env(home),
  }
  await prepare?.(home)
  const named = shells === undefined ? [] : ['--shell', shells]
  const setup: Home['setup'] = (...words) =>
    jobshim(['setup', ...words, ...(words.includes('--undo') ? [] : named)], { cwd: root, env: surroundings })
  return {
    home,
    shims: join(home, '.local/share/jobshim/shims'),
    env: surroundings,
    setup,
    async told(...words) {
      const { status, stdout, stderr } = await setup(...words, '--json')
      assert.equal([status, stderr], [0, ''])
      return JSON.parse(stdout) as Told
    },
  }
}
