import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { installShims } from '../support/shimdir.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { makeYard } from '../yard/yard.js'

/** A program between the command and the tool for each level: however many there are, a look takes no more of anything. */
const levels = 1500

test(`past :: a tool ${levels} levels below the command, with 32 descriptors and 512 KB of stack :: is told`, async () => {
  const { root, env } = await makeYard('')
  writeFiles(root, {
    'level.sh': `if [ $1 -eq 0 ]; then echo held $$; exec ${join(root, 'bin/acme')}; fi
sh level.sh $(($1 - 1)); exit $?
`,
  })
  copyFileSync('/bin/cat', join(root, 'bin/acme'))
  const shims = await installShims(join(root, 'more'), { args: ['--tools', 'acme'], env })
  const command = start({ env, command: ['sh', '-c', `cd "${root}"; sh level.sh ${levels}; exit $?`] })
  await command.tools
  const watch = start({
    env,
    command: [
      ...['sh', '-c', 'ulimit -n 32; ulimit -s 512; exec "$0" "$@"', join(shims, '.jobshim/look')],
      ...['bypass', String(command.pid)],
    ],
  })
  await until('the tool is told', () => watch.output.stdout !== '')
  assert.is((await command.end()).status, 0)
  assert.equal(await watch.end(), {
    status: 0,
    signal: null,
    stdout: `jobshim: ${join(root, 'bin/acme')} went past the shims: called by its path, by sh\n`,
    stderr: '',
  })
})

test.after.each(killStarted)

test.run()
