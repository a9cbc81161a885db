import { mkdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients, findClient } from '../support/clients.js'
import {
  assertRude,
  type Build,
  build,
  buildAlone,
  type Driver,
  driveUnderRun,
  lines,
  makeSite,
} from '../support/driver.js'
import { run, type Surroundings } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { link, sources } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'
import { share } from '../yard/shared.js'

/** Clients that stand beside each other in one job: each believes that it owns a slot, and somebody has to pay for it. */
const parts = [sources.slice(0, 3), sources.slice(3, 5), sources.slice(5, 8), sources.slice(8)]
const objectsOf = (part: readonly string[]): string => part.map(name => `${name}.o`).join(' ')
const beside = (calls: readonly string[]): string => `${calls.map(call => `${call} &`).join(' ')} wait`

/** Builds as the driver says, without jobshim and with the shims first on PATH. */
async function both(
  driver: Driver & { names?: Readonly<Record<string, ClientKey>> },
  env: Surroundings['env'],
): Promise<{ alone: Build; governed: Build }> {
  const { directory, recorder, path } = makeSite(driver)
  const bin = join(makeWorkspace('bin'), 'bin')
  mkdirSync(bin)
  for (const [name, key] of Object.entries(driver.names ?? {}))
    symlinkSync(join(findClient(key) ?? '', clients[key].program), join(bin, name))
  const site = { directory, recorder, path: [bin, path].join(delimiter) }
  const alone = await buildAlone(site, driver)
  assertRude(driver, alone)
  const shims = await installShims(join(makeWorkspace(), 'shims'), { env: { PATH: site.path } })
  const [program = '', ...args] = driver.command
  const governed = await build(site, driver, () =>
    run(program, args, { cwd: directory, env: { ...env, PATH: `${shims}:${site.path}` } }),
  )
  return { alone, governed }
}

function assertSame({ alone, governed }: { alone: Build; governed: Build }, most: number): void {
  assert.is(governed.status, 0, `${governed.stdout}${governed.stderr}`)
  assert.equal(lines(governed.stderr, {}), lines(alone.stderr, {}))
  assert.equal(lines(governed.stdout, {}), lines(alone.stdout, {}))
  assert.equal(governed.outputs, alone.outputs)
  assert.is(governed.recording.unfinished, 0)
  assert.is(governed.recording.runs, alone.recording.runs)
  assert.ok(governed.recording.peak <= most, `${governed.recording.peak} at once, ${most} are right`)
}

const ninjaOf = (part: readonly string[]): string =>
  `rule cc\n  command = cc -c $in -o $out\n${part.map(name => `build ${name}.o: cc ${name}.c\n`).join('')}`

const ninjas: Driver = {
  name: 'ninja',
  needs: [],
  files: {
    ...Object.fromEntries(parts.map((part, index) => [`${index}.ninja`, ninjaOf(part)])),
    Makefile: `all:\n\t+@${beside(parts.map((_, index) => `ninja --quiet -f ${index}.ninja`))}\n\t@${link}\n`,
  },
  command: ['make', '-j2'],
}

for (const [key, args] of [
  ['make43', []],
  ['make44', ['--jobserver-style=pipe']],
  ['make44', ['--jobserver-style=fifo']],
] as const)
  testWith([key, 'ninja113'], `unpaid :: ninja 1.13 :: ${clients[key].name} ${args[0] ?? ''}`, async () => {
    const driver = { ...ninjas, needs: [key, 'ninja113'] as const, command: ['make', '-j2', ...args] }
    assertSame(await both(driver, {}), 2)
  })

/** All of these share the two tokens of a server; who starts them has a slot of its own. */
function testServed(name: string, driver: Parameters<typeof both>[0]): void {
  testWith(driver.needs, `unpaid :: ${name}`, async () => {
    const served = await share(2)
    const env = {
      XDG_RUNTIME_DIR: served.yard.runtime,
      MAKEFLAGS: `--jobserver-auth=fifo:${served.fifo}`,
    }
    assertSame(await both(driver, env), 3)
    await until('all tokens are back', () => served.free() === 2)
    await served.end()
  })
}

for (const [name, key] of [
  ['gnumake', 'make43'],
  ['remake', 'make43'],
  ['make-4.3', 'make43'],
  ['gmake4', 'make44'],
] as const)
  testServed(`by its name :: ${name}`, {
    name,
    needs: [key],
    names: { [name]: key },
    files: {
      Makefile: '%.o: %.c\n\t@cc -c $< -o $@\n',
      'build.sh': `#!/bin/sh\n${beside(parts.map(part => `${name} ${objectsOf(part)}`))}\n${link}\n`,
    },
    command: ['./build.sh'],
  })

/** What is called by its path has no adapter. */
const pathOf = (key: ClientKey): string => join(findClient(key) ?? '', clients[key].program)

/** Two recipes in make's own slots, one of a shell that waits for what it starts. */
const makefile =
  '%.o: %.c\n\t@case $@ in *s.o) ;; *) exit;; esac; cc -c $< -o $@\n\t@case $@ in *s.o) exit;; esac; cc -c $< -o $@\n'

function byPath(key: ClientKey): Driver {
  const call = pathOf(key)
  return {
    name: call,
    needs: [key],
    files: {
      Makefile: makefile,
      ...Object.fromEntries(parts.map((part, index) => [`${index}.ninja`, ninjaOf(part)])),
      'build.sh': `#!/bin/sh\n${beside(
        parts.map((part, index) =>
          key === 'ninja113' ? `${call} --quiet -f ${index}.ninja` : `${call} ${objectsOf(part)}`,
        ),
      )}\n${link}\n`,
    },
    command: ['./build.sh'],
  }
}

/** A client that nobody knows, and that no token is ever free for: it runs all in the slot that it believes to own. */
const stranger = `#!/usr/bin/env python3
import os, re, subprocess, sys

address = re.search('--jobserver-auth=fifo:(\\S+)', os.environ.get('MAKEFLAGS', ''))
pool = os.open(address[1], os.O_RDWR | os.O_NONBLOCK) if address else None
for name in sys.argv[1:]:
    if subprocess.call(['cc', '-c', name + '.c', '-o', name + '.o']) != 0:
        sys.exit(1)
`

testServed('a client of another name', {
  name: 'stranger',
  needs: ['python'],
  files: {
    'stranger.py': stranger,
    'build.sh': `#!/bin/sh\n${beside(parts.map(part => `./stranger.py ${part.join(' ')}`))}\n${link}\n`,
  },
  command: ['./build.sh'],
})

/** What makes call their own is called by its path, too; the outer ones start nothing else. */
for (const key of ['make43', 'make44'] as const)
  driveUnderRun({
    name: `${clients[key].name} by its path, nested twice`,
    needs: [key],
    jobs: [2],
    files: {
      Makefile: '%.o: %.c\n\t@cc -c $< -o $@\n',
      outer: 'all:\n\t@+$(MAKE) -s $(OBJECTS)\n',
      outermost: 'all:\n\t@+$(MAKE) -s -f outer\n',
      'build.sh': `#!/bin/sh\n${beside(
        parts.map(part => `OBJECTS="${objectsOf(part)}" ${pathOf(key)} -s -f outermost`),
      )}\n${link}\n`,
    },
    command: ['./build.sh'],
  })

const testsOf = (part: readonly string[]): string =>
  part.map(name => `add_test(${name} cc -c ../${name}.c -o ../${name}.o)\n`).join('')

/** By its name it has an adapter. */
for (const [how, call] of [
  ['by its name', 'ctest'],
  ['by its path', pathOf('ctest')],
] as const)
  testServed(`ctest 3.29 ${how}`, {
    name: 'ctest',
    needs: ['ctest'],
    files: {
      ...Object.fromEntries(parts.map((part, index) => [`${index}/CTestTestfile.cmake`, testsOf(part)])),
      'build.sh': `#!/bin/sh\n${beside(parts.map((_, index) => `(cd ${index} && exec ${call} -Q -j4)`))}\n${link}\n`,
    },
    command: ['./build.sh'],
  })

for (const key of ['make44', 'ninja113'] as const)
  testServed(`by its path :: ${clients[key].name}`, byPath(key))

for (const [key, jobs] of [
  ['make43', 2],
  ['make44', 1],
  ['make44', 2],
  ['make44', 3],
  ['ninja113', 2],
] as const)
  driveUnderRun({ ...byPath(key), jobs: [jobs], name: `${clients[key].name} by its path` })

test.after.each(killStarted)
test.run()
