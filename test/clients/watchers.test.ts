import { execFileSync } from 'node:child_process'
import { renameSync, symlinkSync, utimesSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, findClient } from '../support/clients.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/**
 * Programs that watch the compiler's file: what was built with another one they build again. `tools`: the compiler as a script, and
 * what another one is; SELF stands for the real one.
 */
type Watcher = {
  name: string
  needs: ClientKey
  compiler: string
  real: () => string
  another: string
  files: Readonly<Record<string, string>>
  command: readonly string[]
  built: RegExp // in what it says, if it compiles
}

// Cargo asks rustup for the compiler where that is in charge: here nobody is.
const sysroot = (): string => execFileSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).trim()
const gcc = (): string => execFileSync('sh', ['-c', 'command -v gcc'], { encoding: 'utf8' }).trim()

const watchers: readonly Watcher[] = [
  {
    name: 'cargo',
    needs: 'cargo',
    compiler: 'rustc',
    real: () => join(sysroot(), 'bin/rustc'),
    another: `#!/bin/sh\ncase $* in -vV) SELF -vV | sed 's/^commit-date: .*/commit-date: 2001-01-01/' ;; *) exec SELF "$@" ;; esac\n`,
    files: {
      'Cargo.toml': '[package]\nname = "main"\nversion = "1.0.0"\nedition = "2021"\n',
      'src/main.rs': 'fn main() {}\n',
    },
    command: ['cargo', 'build', '--offline'],
    built: /Compiling main/,
  },
  {
    name: 'scons',
    needs: 'scons',
    compiler: 'gcc',
    real: gcc,
    another: '#!/bin/sh\nexec SELF -DNEW "$@"\n',
    files: {
      SConstruct: "import os\nEnvironment(ENV=os.environ).Object('main.c')\n",
      'main.c': 'int main(void) { return 0; }\n',
    },
    command: ['scons', '-Q'],
    built: /gcc .*main\.c/,
  },
]

async function build(
  { compiler, real, another, files, command, needs }: Watcher,
  isBelowRun: boolean,
): Promise<Outcome[]> {
  const root = makeWorkspace()
  const self = real()
  writeFiles(root, {
    ...files,
    [`bin/${compiler}`]: `#!/bin/sh\nexec ${self} "$@"\n`,
    [`new/${compiler}`]: another.replaceAll('SELF', self),
  })
  if (needs === 'cargo') symlinkSync(join(sysroot(), 'bin/cargo'), join(root, 'bin/cargo'))
  const path = [join(root, 'bin'), findClient(needs), process.env.PATH].join(delimiter)
  const env = { PATH: path, CARGO_HOME: join(root, 'home') }
  const dir = await installShims(join(root, 'shims'), { args: ['--tools', compiler], env })
  const once = (): Promise<Outcome> =>
    isBelowRun
      ? jobshim(['run', '-q', '-j2', '--no-config', '--dir', dir, '--', ...command], { cwd: root, env })
      : run(command[0] ?? '', command.slice(1), { cwd: root, env: { ...env, PATH: `${dir}:${path}` } })
  const outcomes = [await once(), await once()]
  const mtime = Date.now() / 1000 - 100 // that of a package
  utimesSync(join(root, 'new', compiler), mtime, mtime)
  renameSync(join(root, 'new', compiler), join(root, 'bin', compiler))
  return [...outcomes, await once(), await once()]
}

for (const watcher of watchers)
  for (const isBelowRun of [false, true]) {
    const title = `watchers :: ${watcher.name}${isBelowRun ? ' below run' : ''} :: a compiler that was replaced is noticed, once`
    if (findClient(watcher.needs) === undefined) {
      test.skip(title)
      continue
    }
    test(title, async () => {
      const outcomes = await build(watcher, isBelowRun)
      assert.equal(
        outcomes.map(({ status, stdout, stderr }) => ({
          status,
          built: watcher.built.test(stdout + stderr),
        })),
        [true, false, true, false].map(built => ({ status: 0, built })),
        outcomes.map(({ stdout, stderr }) => stdout + stderr).join('\n'),
      )
    })
  }

test.run()
