import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients } from '../support/clients.js'
import {
  assertRude,
  type Build,
  build,
  buildAlone,
  lines,
  makeShimmedSite,
  type Site,
} from '../support/driver.js'
import { run } from '../support/jobshim.js'
import { accounted } from '../support/pools.js'
import { link, objects } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { repository } from '../support/workspace.js'
import { type Shared, share } from '../yard/shared.js'

/**
 * A -jN that is written into a build, below a jobserver that MAKEFLAGS alone name: what it starts finds a pool of its own
 * there, and yet obeys the outer one. What make says is what it says without any jobserver.
 */
type Form = {
  name: string
  makefile: string
  command: readonly string[]
  alone?: readonly string[] // without jobshim
  noise?: RegExp // of a -jN in a Makefile nobody but make knows
}

const rules = `all.o: ${objects.join(' ')}\n\t@${link}\n%.o: %.c\n\t@cc -c $< -o $@\n`
const jobshim = `'${process.execPath}' '${join(repository, 'bin/jobshim.js')}'`

const forms: readonly Form[] = [
  { name: 'make -j8', makefile: rules, command: ['make', '-j8'] },
  {
    name: '+$(MAKE) -j',
    makefile: `all:\n\t+@$(MAKE) --no-print-directory -j all.o\n${rules}`,
    command: ['make'],
  },
  {
    name: 'make -j8 in a recipe without +',
    makefile: `all:\n\t@make --no-print-directory -j8 all.o\n${rules}`,
    command: ['make'],
  },
  {
    name: 'MAKEFLAGS += -j12',
    makefile: `MAKEFLAGS += -j12\n${rules}`,
    command: ['make'],
    noise: /^make: warning: -j12 forced in (submake|makefile): resetting jobserver mode\.?$/,
  },
  // Not told of the server any more; who started it was.
  { name: 'MAKEFLAGS=-j8 make', makefile: rules, command: ['sh', '-c', 'MAKEFLAGS=-j8 make; exit $?'] },
  { name: 'make -j8 without MAKEFLAGS', makefile: rules, command: ['sh', '-c', 'unset MAKEFLAGS; make -j8'] },
  {
    name: 'make -j8 and its makes, after jobshim env',
    makefile: `all: ${objects.join(' ')}\n\t@${link}\n%.o: %.c\n\t@$(MAKE) --no-print-directory -f one.mk $@\n`,
    command: ['sh', '-c', `eval "$(${jobshim} env --no-config)"; make -j8`],
    alone: ['make', '-j8'],
  },
]

/** A make that somebody else's jobserver names says that it leaves it, with jobshim or without. */
const noiseOf = ({ noise = /^$/ }: Form): RegExp =>
  accounted === undefined
    ? noise
    : /^make(\[\d+\])?: warning: -j\d+ forced in .*: resetting jobserver mode\.$/

const filesOf = ({ makefile }: Form) => ({ Makefile: makefile, 'one.mk': rules })

type Prepared = { site: Site; alone: Build; shims: string; served: Shared }

async function prepare(key: ClientKey, form: Form): Promise<Prepared> {
  const driver = { ...form, needs: [key], files: filesOf(form) }
  const { site, shims } = await makeShimmedSite(driver)
  const alone = await buildAlone(site, driver)
  assertRude(driver, alone)
  return { site, alone, shims, served: await share(2) }
}

for (const key of ['make43', 'make44'] as const)
  for (const form of forms)
    testWith([key], `served :: ${clients[key].name} :: ${form.name}`, async () => {
      const { site, alone, shims, served } = await prepare(key, form)
      const [program = '', ...args] = form.command
      const governed = await build(site, { files: filesOf(form) }, () =>
        run(program, args, {
          cwd: site.directory,
          env: {
            PATH: `${shims}:${site.path}`,
            JOBSHIM_DIR: shims,
            XDG_RUNTIME_DIR: served.yard.runtime,
            MAKEFLAGS: `--jobserver-auth=fifo:${served.fifo}`,
          },
        }),
      )
      assert.is(governed.status, 0, `${governed.stdout}${governed.stderr}`)
      assert.equal(lines(governed.stderr, { noise: noiseOf(form) }), lines(alone.stderr, {}))
      assert.equal(lines(governed.stdout, {}), lines(alone.stdout, {}))
      assert.equal(governed.outputs, alone.outputs)
      assert.is(governed.recording.unfinished, 0)
      assert.is(governed.recording.runs, alone.recording.runs)
      // Who starts a build below a server has a slot of its own.
      assert.ok(governed.recording.peak <= 3, `${governed.recording.peak} at once`)
      assert.is(served.free(), 2)
      await served.end()
    })

test.run()
