import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import {
  type Account,
  type Accounting,
  accountingModes,
  accountingNeeds,
  assertBalanced,
  endServers,
  startAccounting,
} from '../support/accounting.js'
import type { ClientKey } from '../support/clients.js'
import { assertRude, build, buildAlone, type Driver, makeShimmedSite } from '../support/driver.js'
import { run, scrubbed } from '../support/jobshim.js'
import { killAll, processesOf } from '../support/processes.js'
import { random, seed } from '../support/random.js'
import { compiles, objects, sources } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'

/** Real clients on a jobserver whose server knows who took what, named in MAKEFLAGS as make.conf does it. */
const tokens = 2
const jobshim = [process.execPath, join(repository, 'bin/jobshim.js'), 'run', '-q', '--no-config']

const makefile = `all: ${objects.join(' ')}\n%.o: %.c\n\t@cc -c $< -o $@\n`

const ninjafile = [
  'rule cc',
  '  command = cc -c $in -o $out',
  ...sources.map(name => `build ${name}.o: cc ${name}.c`),
  '',
].join('\n')

const crates = ['a', 'b', 'c', 'd']

const cargoFiles = {
  'Cargo.toml': `[workspace]\nresolver = "2"\nmembers = [${crates.map(name => `"${name}"`).join(', ')}]\n`,
  ...Object.fromEntries(
    crates.flatMap(name => [
      [`${name}/Cargo.toml`, `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`],
      [`${name}/src/main.rs`, 'fn main() {}\n'],
    ]),
  ),
}

type Case = Driver & {
  isRun?: true // below `jobshim run --jobserver`, which takes a slot for it
}

const cases: readonly Case[] = [
  {
    name: 'make 4.4',
    needs: ['make44'],
    files: { Makefile: makefile },
    command: ['make'],
    alone: ['make', '-j8'],
  },
  {
    name: 'make 4.3, which is handed two descriptors',
    needs: ['make43'],
    files: { Makefile: makefile },
    command: ['make'],
    alone: ['make', '-j8'],
  },
  {
    name: 'make 4.4 below make 4.4',
    needs: ['make44'],
    files: { Makefile: `${makefile}nested:\n\t+@$(MAKE) --no-print-directory all\n` },
    command: ['make', 'nested'],
    alone: ['make', '-j8', 'all'],
  },
  {
    name: 'two makes at once',
    needs: ['make44'],
    files: { Makefile: makefile },
    command: [
      'sh',
      '-c',
      `make ${objects.slice(0, 5).join(' ')} & make ${objects.slice(5).join(' ')} & wait`,
    ],
    alone: ['make', '-j8'],
  },
  {
    name: 'ninja 1.13, which reads FIFOs alone',
    needs: ['ninja113'],
    files: { 'build.ninja': ninjafile },
    command: ['ninja', '--quiet', '-j8'],
  },
  {
    name: 'cargo',
    needs: ['cargo'],
    files: cargoFiles,
    outputs: /debug\/[abcd]$/,
    command: ['cargo', 'build', '--offline', '-q', '--workspace'],
    alone: ['cargo', 'build', '--offline', '-q', '--workspace', '-j8'],
  },
  {
    name: 'cargo below run --jobserver, which hands two descriptors to the make 4.3 on PATH',
    needs: ['cargo', 'make43'],
    files: cargoFiles,
    outputs: /debug\/[abcd]$/,
    command: ['cargo', 'build', '--offline', '-q', '--workspace'],
    alone: ['cargo', 'build', '--offline', '-q', '--workspace', '-j8'],
    isRun: true,
  },
  {
    name: 'make 4.3 below run --jobserver',
    needs: ['make43'],
    files: { Makefile: makefile },
    command: ['make'],
    alone: ['make', '-j8'],
    isRun: true,
  },
  {
    name: 'gcc by a script',
    needs: [],
    files: {},
    command: ['sh', '-c', `${compiles.map(line => `${line} &`).join(' ')} wait`],
  },
]

/** These read through one open file, and write through another. */
const twoFiles: readonly ClientKey[] = ['cargo', 'make44']

/** What make may give back although it never took it: steve tolerates as much. */
const isMakes = (stranger: string): boolean => stranger === 'tolerated make'

async function settle(server: Accounting): Promise<Account> {
  await until('all is back', () => server.account().free === tokens)
  return server.account()
}

for (const client of cases)
  for (const mode of accountingModes)
    testWith(
      [...client.needs, ...accountingNeeds],
      `accounting :: ${mode.name} :: ${client.name}`,
      async () => {
        const { site, shims } = await makeShimmedSite(client)
        const alone = await buildAlone(site, client)
        assertRude(client, alone)
        const server = await startAccounting(tokens, mode)
        const runtime = makeWorkspace('runtime')
        const { auth } = server.pool
        const [program = '', ...words] = client.isRun
          ? [...jobshim, '--dir', shims, '--jobserver', auth, '--', ...client.command]
          : client.command
        const MAKEFLAGS = client.isRun ? undefined : `--jobserver-auth=${auth}`
        const env = { PATH: `${shims}:${site.path}`, XDG_RUNTIME_DIR: runtime, MAKEFLAGS }
        const governed = await build(site, client, () => run(program, words, { cwd: site.directory, env }))
        assert.is(governed.status, 0, `${governed.stdout}${governed.stderr}`)
        assert.equal(governed.outputs, alone.outputs)
        if (client.isRun) assert.is(governed.stderr, alone.stderr)
        const { recording } = governed
        assert.equal([recording.unfinished, recording.runs], [0, alone.recording.runs])
        const slots = client.isRun ? tokens : tokens + 1 // the build's own is nobody's token
        assert.ok(recording.peak <= slots, `${recording.peak} at once with ${slots} slots`)
        const { peak, takes, gives } = await settle(server)
        assert.ok(peak <= tokens && takes > 0, `${peak} out, ${takes} taken`)
        assert.is(gives, takes)
        assertBalanced(
          server,
          tokens,
          client.needs.some(key => twoFiles.includes(key)),
        )
        await server.end()
      },
    )

const rounds = 8

for (const mode of accountingModes)
  testWith(
    ['make44', ...accountingNeeds],
    `accounting :: ${mode.name} :: makes, launchers and compilers are killed :: nothing is out`,
    async () => {
      const driver: Driver = {
        name: 'storm',
        needs: ['make44'],
        files: { Makefile: makefile },
        command: ['make', '-k'],
      }
      const { site, shims } = await makeShimmedSite(driver)
      const server = await startAccounting(tokens, mode)
      const runtime = makeWorkspace('runtime')
      const next = random(seed)
      for (let round = 0; round < rounds; round++) {
        await build(site, driver, async () => {
          const make = spawn(join(shims, 'make'), ['-k', '-B'], {
            cwd: site.directory,
            env: scrubbed({
              PATH: `${shims}:${site.path}`,
              XDG_RUNTIME_DIR: runtime,
              TMPDIR: runtime, // for what a killed compiler leaves
              MAKEFLAGS: `--jobserver-auth=${server.pool.auth}`,
            }),
            detached: true,
            stdio: 'ignore',
          })
          const ended = once(make, 'close')
          const own = () => processesOf(make.pid ?? -1)
          await until('it works', () => server.account().taken > 0 || own().length === 0)
          const among = own()
          killAll(among.filter((_, index) => index === Math.floor(next() * among.length)))
          await ended
          await until('all of it is over', () => own().length === 0)
          return { status: 0, signal: null, stdout: '', stderr: '' }
        })
      }
      const { refused, strangers } = await settle(server)
      assert.is(refused, 0)
      assert.equal(
        strangers.filter(one => !isMakes(one)),
        [],
      )
      await server.end()
    },
  )

test.after.each(killStarted)
test.after.each(endServers)

test.run()
