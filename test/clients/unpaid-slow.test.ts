/** Each kind of call that a launcher makes takes long, as on a loaded machine: who pays for a client is told all the same. */
import { join } from 'node:path'
import { clients, findClient } from '../support/clients.js'
import { driveUnderRun } from '../support/driver.js'
import { link, sources } from '../support/sources.js'
import { test } from '../support/test-with.js'

const make = join(findClient('make44') ?? '', clients.make44.program)
const parts = [sources.slice(0, 5), sources.slice(5)]
const calls = parts.map(part => `${make} ${part.map(name => `${name}.o`).join(' ')} &`)

for (const slow of [
  'openat',
  'readlink',
  'fcntl',
  'close',
  'fork,vfork,clone',
  'dup2',
  'execve',
  'poll,ppoll',
  'wait4',
])
  driveUnderRun({
    name: `make by its path :: each ${slow.replaceAll(',', ', ')} takes 3 ms`,
    needs: ['make44', 'strace'],
    files: {
      Makefile: '%.o: %.c\n\t@case $@ in *) cc -c $< -o $@ ;; esac\n',
      'build.sh': `#!/bin/sh\n${calls.join(' ')} wait\n${link}\n`,
    },
    alone: ['./build.sh'],
    command: [
      'strace',
      '-fqqo',
      'trace',
      '-e',
      `trace=${slow}`,
      '-e',
      `inject=${slow}:delay_enter=3000`,
      './build.sh',
    ],
    jobs: [1],
  })

test.run()
