import { test } from 'uvu'
import { type ClientKey, clients } from '../support/clients.js'
import { driveUnderRun } from '../support/driver.js'
import { link, objects } from '../support/sources.js'

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

test.run()
