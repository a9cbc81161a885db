import { type Driver, driveUnderRun } from '../support/driver.js'
import { objects, sources } from '../support/sources.js'
import { test } from '../support/test-with.js'

const files = {
  'build.ninja': [
    'rule cc',
    '  command = cc -c $in -o $out',
    'rule join',
    '  command = cc -r -nostdlib -o $out $in',
    ...sources.map(name => `build ${name}.o: cc ${name}.c`),
    `build all.o: join ${objects.join(' ')}`,
    '',
  ].join('\n'),
}

const drivers: readonly Driver[] = [
  { name: 'ninja 1.11', needs: ['ninja111'], files, command: ['ninja', '--quiet', '-j8'] }, // no client
  { name: 'ninja 1.13', needs: ['ninja113'], files, command: ['ninja', '--quiet'] }, // a client of FIFOs
  { name: 'ninja 1.13 below make 4.3', needs: ['ninja113', 'make43'], files, command: ['ninja', '--quiet'] }, // R,W
  { name: 'ninja 1.13 -j8', needs: ['ninja113'], files, command: ['ninja', '--quiet', '-j8'] }, // no client: -j
]

for (const driver of drivers) driveUnderRun(driver)

test.run()
