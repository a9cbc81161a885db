/** Packages that ignore MAKEOPTS, built by a real Portage; what runs is counted by the recorder. */
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ClientKey, findClient } from '../support/clients.js'
import { jobshim } from '../support/jobshim.js'
import { isReachable, letIn, makePortage, type Package } from '../support/portage.js'
import { makeRecorder } from '../support/recording.js'
import { makeWorkspace } from '../support/workspace.js'

const jobs = 3
const names = Array.from({ length: 10 }, (_, index) => `f${index}`)
const sources = Object.fromEntries(names.map(name => [`${name}.c`, `int ${name}(void) { return 0; }\n`]))
const objects = names.map(name => `${name}.o`)
const insertObjects = 'insinto /usr/share/$PN\ndoins *.o'

const packages: readonly (Package & { needs?: ClientKey })[] = [
  {
    name: 'script',
    files: {
      ...sources,
      'build.sh': `#!/bin/sh\n${names.map(name => `gcc -c ${name}.c &`).join('\n')}\nwait\n`,
    },
    phases: { src_compile: './build.sh || die', src_install: insertObjects },
  },
  {
    name: 'make99',
    files: {
      ...sources,
      Makefile: `all:\n\t$(MAKE) -j99 objects\nobjects: ${objects.join(' ')}\n%.o: %.c\n\tgcc -c $<\n`,
    },
    phases: { src_compile: 'emake', src_install: insertObjects },
  },
  {
    name: 'ninja',
    needs: 'ninja113',
    files: {
      ...sources,
      'build.ninja': `rule cc\n  command = gcc -c $in\n${names.map(name => `build ${name}.o: cc ${name}.c\n`).join('')}`,
    },
    phases: { src_compile: 'ninja -j20 || die', src_install: insertObjects },
  },
  {
    name: 'scons',
    needs: 'scons',
    files: {
      ...sources,
      SConstruct: `import os\nSetOption('num_jobs', 20)\nenv = Environment(ENV=os.environ)\n[env.Object(name) for name in Glob('*.c')]\n`,
    },
    phases: { src_compile: 'scons -Q || die', src_install: insertObjects },
  },
  {
    name: 'setup',
    needs: 'python',
    files: {
      ...sources,
      'setup.py': [
        'import subprocess',
        'from concurrent.futures import ThreadPoolExecutor',
        `with ThreadPoolExecutor(20) as pool:`,
        `    list(pool.map(lambda name: subprocess.check_call(["gcc", "-c", name + ".c"]), ${JSON.stringify(names)}))`,
        '',
      ].join('\n'),
    },
    phases: { src_compile: 'python3 setup.py || die', src_install: insertObjects },
  },
]

/** What a phase's image holds, by path and content. */
const imageOf = (directory: string): string[] =>
  readdirSync(join(directory, 'image'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.name} ${readFileSync(join(entry.parentPath, entry.name), 'base64')}`)
    .sort()

const cases = [
  ...packages.map(made => ({ ...made, features: '' })),
  ...packages.map(made => ({ ...made, features: 'userpriv pid-sandbox' })),
]

for (const { needs, features, ...made } of cases) {
  const title = `portage :: ${made.name} :: ${features || 'as root'} :: opted in it keeps MAKEOPTS, and installs the same`
  const lacks =
    findClient('portage') === undefined || (needs !== undefined && findClient(needs) === undefined)
  if (lacks || (features !== '' && !isReachable())) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const recorder = makeRecorder(join(makeWorkspace(), 'recorder'))
    // Its log is written there, by the user portage too.
    const [bin = ''] = recorder.bin.split(delimiter)
    letIn(bin)
    chmodSync(dirname(bin), 0o777)
    const client = needs === undefined ? [] : [findClient(needs) ?? '']
    const path = [recorder.bin, ...client, process.env.PATH].join(delimiter)
    const portage = makePortage([made], { path, makeopts: `-j${jobs}`, features })
    const build = async () => {
      const outcome = await portage.ebuild(made.name, ['manifest', 'clean', 'install'])
      assert.is(outcome.status, 0, outcome.stdout + outcome.stderr)
      return { image: imageOf(portage.buildDirectory(made.name)), recording: recorder.take() }
    }
    const plain = await build()
    assert.is(plain.image.length, names.length)
    assert.ok(plain.recording.peak > jobs, `plain: ${plain.recording.peak} at once`)
    const at = ['--root', portage.configRoot]
    for (const words of [
      ['install', '--no-config', ...at],
      ['enable', ...at, `app-misc/${made.name}`],
    ]) {
      const { status, stderr } = await jobshim(['portage', ...words], {
        env: { PATH: path },
        cwd: portage.root,
      })
      assert.is(status, 0, stderr)
    }
    const governed = await build()
    assert.equal(governed.image, plain.image)
    assert.is(governed.recording.runs, names.length)
    assert.is(governed.recording.unfinished, 0)
    assert.ok(governed.recording.peak <= jobs, `${governed.recording.peak} at once`)
    assert.ok(governed.recording.peak > 1)
  })
}

test.run()
