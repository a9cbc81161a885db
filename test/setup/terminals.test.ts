/** New terminals after setup: builds that know nothing of each other share one limit, and nothing is exported by hand. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { type ClientKey, findClient } from '../support/clients.js'
import { type Home, makeHome } from '../support/home.js'
import { onTerminal } from '../support/on-terminal.js'
import { pictureOf } from '../support/picture.js'
import { makeRecorder } from '../support/recording.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

type ShellRow = {
  key: ClientKey
  begins: readonly (readonly string[])[] // what stands before a line for it: a terminal's shell, a login shell, one for a command
}

const ways = ['-ic', '-lic', '-lc']
const shells: readonly ShellRow[] = [
  { key: 'bash', begins: ways.map(way => ['bash', way]) },
  { key: 'zsh', begins: ways.map(way => ['zsh', way]) },
  { key: 'fish', begins: ['-c', ...ways].map(way => ['fish', way]) },
]

const limit = 3

/** Where rustup's cargo and rustc have their toolchains: in the home of who runs the tests. */
const rust = {
  RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(homedir(), '.rustup'),
  CARGO_HOME: process.env.CARGO_HOME ?? join(homedir(), '.cargo'),
}

/** What a login shell has on PATH, /etc/profile sets anew: the user's own file puts the recorder there. */
const profiles = ['.profile', '.zprofile']

type Wishes = {
  more?: string | undefined // a directory that the user's own file adds behind PATH
  jobs?: readonly string[] // how setup is told the limit; none: it is `auto`
}

/** A home after setup, with a recorder where the real compilers are, and what a new terminal has. */
async function makeDesk(shell: string, { more, jobs = ['--jobs', String(limit)] }: Wishes = {}) {
  const recorder = makeRecorder(join(makeWorkspace(), 'recorder'), { holdMs: 50 })
  const runtime = makeWorkspace('run')
  const path = `${recorder.bin}:${process.env.PATH}`
  const line = `PATH=${recorder.bin}:"$PATH"${more === undefined ? '' : `:${more}`}\n`
  const home = await makeHome(
    { env: () => ({ PATH: path, SHELL: `/bin/${shell}`, XDG_RUNTIME_DIR: runtime }) },
    [],
  )
  writeFiles(home.home, Object.fromEntries(profiles.map(name => [name, line])))
  mkdirSync(join(home.home, '.local/share/fish'), { recursive: true, mode: 0o700 }) // fish makes it itself
  const before = pictureOf(home.home)
  const { slots } = await home.told('--yes', ...jobs)
  const state = join(runtime, `jobshim-${currentUid()}`)
  return {
    ...home,
    slots,
    recorder,
    before,
    files: () => (existsSync(state) ? readdirSync(state) : []),
    env: { ...home.env, ...rust, TERM: 'dumb' },
  }
}

/** What a line prints in a new shell, its last line. */
async function lastLine(
  { env, home }: Pick<Home, 'env' | 'home'>,
  command: readonly string[],
): Promise<string> {
  const { status, stdout } = await onTerminal(command, { env, cwd: home })
  assert.is(status, 0, `${command.join(' ')}: ${stdout}`)
  return stdout.trim().split(/\r?\n/).at(-1) ?? ''
}

for (const { key, begins } of shells)
  testWith(
    [key, 'bash', 'dash', 'python'],
    `setup :: ${key} :: each new shell finds the shims first`,
    async () => {
      const desk = await makeDesk(key)
      const login = ['bash', 'dash'].map(name => [name, '-lc']) // of builds, whatever shell the user has
      for (const begin of [...begins, ...login])
        assert.is(await lastLine(desk, [...begin, 'command -v cc']), join(desk.shims, 'cc'), begin.join(' '))
      await desk.told('--undo')
      assert.equal(pictureOf(desk.home), desk.before)
      for (const begin of begins)
        assert.is.not(
          await lastLine(desk, [...begin, 'command -v cc']),
          join(desk.shims, 'cc'),
          begin.join(' '),
        )
    },
  )

const units = [1, 2, 3, 4, 5, 6, 7, 8]
const compile = (name: string): string => `cc -c unit.c -o ${name}.o`
const objects = units.map(unit => `${unit}.o`).join(' ')
const makefile = `all: ${objects}\n${objects}:\n\tcc -c unit.c -o $@\n`
const ninjafile = [
  `rule cc\n  command = cc -c unit.c -o $out`,
  ...units.map(unit => `build ${unit}.o: cc`),
  '',
].join('\n')
const all = [...units, ...units.map(unit => unit + 8)]
const script = `#!/bin/sh\n${all.map(unit => `${compile(`s${unit}`)} &\n`).join('')}wait\n`

const crates = units.map(unit => `crate${unit}`)
const workspace = Object.fromEntries([
  ['Cargo.toml', `[workspace]\nresolver = "2"\nmembers = ${JSON.stringify(crates)}\n`],
  ...crates.flatMap(name => [
    [`${name}/Cargo.toml`, `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`],
    [`${name}/src/lib.rs`, 'pub fn one() -> i32 { 1 }\n'],
  ]),
])

/** Builds, each in a worktree of its own, and how many compilers they run. */
const builds = [
  { line: 'make -j16', runs: units.length },
  { line: 'make -j16', runs: units.length },
  { line: 'ninja', runs: units.length },
  { line: 'cargo build -q --offline -j16', runs: crates.length },
  { line: 'sh -c ./build.sh', runs: all.length }, // a shell that reads no file of the user's, below one that does
  { line: `${process.execPath} ${repository}/bin/jobshim.js run -q -- ./build.sh`, runs: all.length }, // the home's config is not above it
] as const

/** Does all of them at once, each in a session of its own, and takes all back; tells the most compilers at once. */
async function buildAll(desk: Awaited<ReturnType<typeof makeDesk>>, { begins }: ShellRow): Promise<number> {
  const sessions = builds.map(async ({ line }, index) => {
    const cwd = join(makeWorkspace('worktree'), 'project')
    mkdirSync(cwd)
    writeFiles(cwd, {
      Makefile: makefile,
      'build.ninja': ninjafile,
      'build.sh': script,
      'unit.c': 'int one(void) { return 1; }\n',
      ...workspace,
    })
    const begin = begins[index % begins.length] ?? []
    const { status, stdout } = await onTerminal([...begin, line], { env: desk.env, cwd })
    assert.is(status, 0, `${begin.join(' ')} ${line}: ${stdout}`)
  })
  await Promise.all(sessions)
  const { runs, peak, unfinished } = desk.recorder.take()
  assert.equal([runs, unfinished], [builds.reduce((sum, build) => sum + build.runs, 0), 0])
  assert.equal(desk.files(), [])
  await desk.told('--undo')
  assert.equal(pictureOf(desk.home), desk.before)
  return peak
}

const several = 'two makes, a ninja, a cargo, a script and a run at once'

for (const row of shells)
  testWith(
    [row.key, 'python', 'ninja', 'cargo'],
    `setup :: ${row.key} :: ${several} :: all end, at most ${limit} compilers at once`,
    async () => {
      const desk = await makeDesk(row.key, { more: findClient('cargo') })
      assert.is(await buildAll(desk, row), limit)
    },
  )

for (const row of shells.slice(0, 1))
  testWith(
    [row.key, 'python', 'ninja', 'cargo'],
    `setup :: ${row.key}, without --jobs :: ${several} :: all end, at most as many compilers at once as there are cores`,
    async () => {
      const desk = await makeDesk(row.key, { more: findClient('cargo'), jobs: [] })
      assert.ok(desk.slots >= 1 && desk.slots <= availableParallelism(), `${desk.slots}`)
      const peak = await buildAll(desk, row)
      assert.ok(peak <= desk.slots && peak >= Math.min(desk.slots, 2), `${peak} at once of ${desk.slots}`)
    },
  )

testWith(['zsh', 'python'], 'setup :: zsh, ZDOTDIR in .zshenv :: its files are there', async () => {
  const zsh = findClient('zsh') ?? ''
  const home = await makeHome({ shells: 'zsh', files: { '.zshenv': 'echo hello\nZDOTDIR=~/z\n' } }, [zsh])
  const before = pictureOf(home.home)
  const { files } = await home.told('--yes')
  assert.equal(
    files.map(({ path }) => path.slice(home.home.length + 1)),
    ['.jobshimrc.yaml', 'z/.zshrc', 'z/.zprofile', '.profile'],
  )
  const env = { ...home.env, PATH: `${home.env.PATH}:${process.env.PATH}`, TERM: 'dumb' }
  assert.is(await lastLine({ ...home, env }, ['zsh', '-ic', 'command -v cc']), join(home.shims, 'cc'))
  await home.told('--undo')
  assert.equal(pictureOf(home.home), before)
})

test.run()
