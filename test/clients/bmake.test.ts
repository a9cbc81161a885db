import { test } from 'uvu'
import { type Driver, driveUnderRun } from '../support/driver.js'
import { objects, sources } from '../support/sources.js'

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

test.run()
