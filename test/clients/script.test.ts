import { type ClientKey, clients } from '../support/clients.js'
import { type Driver, driveUnderRun } from '../support/driver.js'
import { compiles, link, sources } from '../support/sources.js'
import { test } from '../support/test-with.js'

const background = (commands: readonly string[]): string =>
  `#!/bin/sh\n${commands.map(command => `${command} &`).join('\n')}\nwait\n${link}\n`

const sixteen = [...compiles, ...sources.slice(0, 6).map(name => `cc -O1 -c ${name}.c -o ${name}.1.o`)]

const fanOut = `import { spawn } from 'node:child_process'
for (const command of ${JSON.stringify(compiles)}) {
  const [program, ...args] = command.split(' ')
  spawn(program, args, { stdio: 'inherit' }).on('exit', status => { process.exitCode ||= status })
}
`

const drivers: Omit<Driver, 'needs'>[] = [
  {
    name: '16 background compilers',
    files: { 'build.sh': background(sixteen) },
    command: ['./build.sh'],
  },
  {
    name: 'env -i', // neither MAKEFLAGS nor JOBSHIM_JOBSERVER is left
    files: { 'build.sh': background(compiles) },
    command: ['sh', '-c', 'exec env -i PATH="$PATH" /bin/sh ./build.sh'],
  },
  {
    name: 'node', // marks inherited fds close-on-exec, as a client does, and is none
    files: { 'build.mjs': fanOut },
    command: [process.execPath, 'build.mjs'],
  },
]

/** A shell keeps what a redirection covers close-on-exec meanwhile (dash and bash from descriptor 10 on): no client does less. */
for (const shell of ['sh', 'bash'])
  drivers.push({
    name: `${shell}, a redirected group`,
    files: {
      'build.sh': `{ ${compiles.map(command => `${command} &`).join(' ')} wait; } 3>three 4>four\n${link}\n`,
    },
    command: [shell, 'build.sh'],
  })

/** Which make is on PATH decides whether the pool is told as R,W or as a FIFO. */
const styles: readonly ClientKey[] = ['make43', 'make44']

for (const key of styles)
  for (const driver of drivers)
    driveUnderRun({ ...driver, name: `${clients[key].name} :: ${driver.name}`, needs: [key] })

test.run()
