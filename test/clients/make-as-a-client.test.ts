import * as assert from 'uvu/assert'
import { type ClientKey, clients } from '../support/clients.js'
import { driveUnderRun, makeShimmedSite } from '../support/driver.js'
import { jobshim, run } from '../support/jobshim.js'
import { recipeForms } from '../support/makefiles.js'
import { test, testWith } from '../support/test-with.js'

const makes: readonly ClientKey[] = ['make43', 'make44']

/** No token, one, more than one; that some are left over the first form shows, and those with a -j of their own. */
const few = [1, 2, 3]

for (const key of makes)
  for (const [index, { name, needs, files }] of recipeForms.entries())
    driveUnderRun({
      name: `${clients[key].name} :: ${name}`,
      needs: needs === undefined ? [key] : [key, needs],
      files,
      command: ['make'],
      alone: ['make', '-j4'],
      noise: /^make(\[\d+\])?: warning: -j16 forced in (submake|makefile): resetting jobserver mode\.?$/,
      ...(index === 0 || name.includes('-j16') ? {} : { jobs: few }),
    })

/** Who starts make may have closed the descriptors on which an old make gets the pool. */
const closing: readonly { name: string; needs: readonly ClientKey[]; command: readonly string[] }[] = [
  {
    name: 'below Python, which closes all descriptors',
    needs: ['python'],
    command: ['python3', '-c', 'import subprocess, sys; sys.exit(subprocess.call(["make"]))'],
  },
  { name: '3 and 4 closed', needs: [], command: ['sh', '-c', 'exec 3<&- 4<&-; exec make'] },
]

const [{ files }] = recipeForms

for (const key of makes)
  for (const { name, needs, command } of closing)
    driveUnderRun({
      name: `${clients[key].name} :: ${name}`,
      needs: [key, ...needs],
      files,
      command,
      alone: ['make', '-j4'],
      jobs: [1, 3],
    })

/** A pool of its own: its compilers keep the limit, and make says no more than without jobshim. */
const leaving: readonly { name: string; command: readonly string[] }[] = [
  { name: 'make -j8', command: ['make', '-j8'] },
  { name: 'make -j8 after env -i', command: ['sh', '-c', 'exec env -i PATH="$PATH" make -j8'] },
]

for (const key of makes)
  for (const { name, command } of leaving)
    driveUnderRun({ name: `${clients[key].name} :: ${name}`, needs: [key], files, command, jobs: [1, 3] })

/** What make refuses it refuses with `join`, too. */
for (const key of makes)
  testWith([key], `run :: ${clients[key].name} :: -j0 :: joined`, async () => {
    const { site, shims } = await makeShimmedSite({ needs: [key] })
    const env = { PATH: site.path, JOBSHIM_DIR: shims, JOBSHIM_JOIN: '1' }
    for (const words of [['-j0'], ['--jobs', '0']]) {
      const plain = await run('make', words, { env })
      assert.is(plain.status, 2)
      assert.equal(await jobshim(['run', '-q', '-j2', '--', 'make', ...words], { env }), plain)
    }
  })

test.run()
