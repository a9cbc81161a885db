import { type ClientKey, clients } from '../support/clients.js'
import { driveUnderRun } from '../support/driver.js'
import { link, objects } from '../support/sources.js'
import { test } from '../support/test-with.js'

const makes: readonly ClientKey[] = ['make43', 'make44']
const parts = [objects.slice(0, 4), objects.slice(4, 7), objects.slice(7)]

/** All three are clients of one pool, and each believes that it owns a slot nobody paid for. */
for (const key of makes)
  driveUnderRun({
    name: `${clients[key].name} :: three at once`,
    needs: [key],
    files: {
      Makefile: '%.o: %.c\n\t@cc -c $< -o $@\n',
      'build.sh': `#!/bin/sh\n${parts.map(part => `make ${part.join(' ')} &`).join('\n')}\nwait\n${link}\n`,
    },
    command: ['./build.sh'],
  })

/** With a -j64 or a -j1 of its own each of them would have recipes that nobody paid for; counted are these. */
for (const key of makes)
  for (const own of ['-j64', '-j1'])
    driveUnderRun({
      name: `${clients[key].name} :: three at once with ${own}, joined`,
      needs: [key],
      files: {
        Makefile: '%.o: %.c\n\t@recipe cc -c $< -o $@\n',
        'build.sh': `#!/bin/sh\n${parts.map(part => `make ${own} ${part.join(' ')} &`).join('\n')}\nwait\nrecipe ${link}\n`,
      },
      command: ['./build.sh'],
      counts: 'recipes',
      env: { JOBSHIM_JOIN: '1' },
      jobs: [1, 3],
    })

test.run()
