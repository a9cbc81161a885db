import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Settlement } from '../../src/jobserver/pool.js'
import { type ClientKey, findClient } from '../support/clients.js'
import { jobshim } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** Programs that are told to start their tools through the launcher; L stands for it. */
type Prefix = {
  name: string
  needs: ClientKey
  script: string
  makes: string // a file that must be there at the end
  ran: (runs: number) => boolean // tool runs that the launcher governed
}

const main = 'int main(void) { return 0; }\n'
const compiler = dirname(execFileSync('sh', ['-c', 'command -v gcc'], { encoding: 'utf8' }))

const prefixes: readonly Prefix[] = [
  {
    name: 'CCACHE_PREFIX: a miss takes a slot for its preprocessor and one for its compiler, a hit none',
    needs: 'ccache',
    script: `export CCACHE_PREFIX=$L CCACHE_PATH=${compiler} CCACHE_DIR=$PWD/cache
      ccache gcc -c main.c -o miss.o && ccache gcc -c main.c -o hit.o`,
    makes: 'hit.o',
    ran: runs => runs === 2,
  },
  {
    name: 'CMAKE_C_COMPILER_LAUNCHER',
    needs: 'cmake',
    script: `cmake -DCMAKE_C_COMPILER=${compiler}/gcc "-DCMAKE_C_COMPILER_LAUNCHER=$L;--" . && cmake --build .`,
    makes: 'main',
    ran: runs => runs > 0, // those of the checks too
  },
  {
    name: 'RUSTC_WRAPPER',
    needs: 'cargo',
    script: 'PATH=$BEHIND RUSTC_WRAPPER=$L cargo build -q',
    makes: 'target/debug/main',
    ran: runs => runs > 0, // those of the checks too
  },
]

const files = {
  'main.c': main,
  'CMakeLists.txt': 'cmake_minimum_required(VERSION 3.13)\nproject(main C)\nadd_executable(main main.c)\n',
  'Cargo.toml': '[package]\nname = "main"\nversion = "1.0.0"\nedition = "2021"\n',
  'src/main.rs': 'fn main() {}\n',
}

for (const { name, needs, script, makes, ran } of prefixes) {
  const title = `prefix :: ${name}`
  if (findClient(needs) === undefined) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const cwd = makeWorkspace()
    writeFiles(cwd, files)
    const shims = await installShims(join(cwd, 'shims'), { args: ['--tools', 'gcc'] })
    const env = {
      L: join(shims, '.jobshim/launcher'),
      BEHIND: `${findClient(needs)}${delimiter}${process.env.PATH}`,
      PATH: `${findClient(needs)}${delimiter}${process.env.PATH}`,
    }
    const command = ['run', '--json', '-j2', '--no-config', '--dir', shims, '--', 'sh', '-c', script]
    const { status, stderr } = await jobshim(command, { cwd, env })
    assert.is(status, 0, stderr)
    assert.ok(existsSync(join(cwd, makes)), makes)
    const { runs, callerRuns, back, total } = JSON.parse(stderr) as Settlement
    assert.ok(ran(runs + callerRuns), stderr)
    assert.is(back, total)
  })
}

test.run()
