import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Driver, driveUnderRun } from '../support/driver.js'
import { run } from '../support/jobshim.js'
import { objects, sources } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'

/**
 * bmake ends on GNU make's address ("illegal argument to -j") and has a pool of its own with -j: below jobshim its compilers
 * pay for themselves.
 */
const rules = sources.map(name => `${name}.o: ${name}.c\n\t@recipe cc -c ${name}.c -o ${name}.o\n`).join('')
const files = {
  Makefile: `all: all.o\nall.o: ${objects.join(' ')}\n\t@recipe cc -r -nostdlib -o all.o ${objects.join(' ')}\n${rules}`,
  'outer.mk': 'all:\n\t+@bmake -f Makefile -j8 all.o\n',
}

const build = {
  needs: ['bmake'],
  files,
  noise: /^--- .* ---$|^bmake -f Makefile -j8 all\.o$/,
  jobs: [1, 3],
} as const

const drivers: readonly Driver[] = [
  { ...build, name: 'bmake -j8', command: ['bmake', '-j8'] },
  { ...build, name: 'bmake', command: ['bmake'], alone: ['bmake', '-j4'] },
  {
    ...build,
    name: 'bmake -j8 below make 4.3',
    needs: ['bmake', 'make43'],
    command: ['make', '-f', 'outer.mk'],
    alone: ['bmake', '-j8', 'all.o'],
  },
  {
    ...build,
    name: 'bmake -j8 below make 4.4',
    needs: ['bmake', 'make44'],
    command: ['make', '-f', 'outer.mk'],
    alone: ['bmake', '-j8', 'all.o'],
  },
  {
    ...build,
    name: 'bmake -j8, joined: no more recipes than slots',
    counts: 'recipes',
    env: { JOBSHIM_JOIN: '1' },
    command: ['bmake', '-j8'],
  },
]

for (const driver of drivers) driveUnderRun(driver)

testWith('bmake', "bmake :: without jobshim it ends on GNU make's address", async directory => {
  for (const auth of ['fifo:/x', '3,4']) {
    const env = { MAKEFLAGS: ` -j3 --jobserver-auth=${auth}` }
    const { status, stderr } = await run(join(directory, 'bmake'), ['-f', '/dev/null'], { env })
    assert.is(status, 1)
    assert.match(stderr, /^bmake: illegal argument to -j -- must be positive integer!$/m)
  }
})

test.run()
