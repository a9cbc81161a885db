/** A package that goes past the shims, built by a real Portage in a sandbox; what runs is counted by the recorder. */
import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import * as assert from 'uvu/assert'
import {
  canBuild,
  imageOf,
  makeOpenRecorder,
  makePortage,
  type Package,
  type Portage,
} from '../support/portage.js'
import { test } from '../support/test-with.js'
import { names } from './misbehaving.js'

const jobs = 3
const half = names.length / 2
const objectsOf = (all: readonly string[]): string => all.map(name => `${name}.o`).join(' ')

/** Half of its files are compiled by a compiler's path, the others with a PATH of the Makefile's own. */
const makePast = (bin: string): Package => ({
  name: 'past',
  files: {
    ...Object.fromEntries(names.map(name => [`${name}.c`, `int ${name}(void) { return 0; }\n`])),
    Makefile: [
      `export PATH = ${bin}:/usr/bin:/bin`,
      `all: ${objectsOf(names)}`,
      `${objectsOf(names.slice(0, half))}: %.o: %.c`,
      `\t${bin}/gcc -O2 -c $<`,
      `${objectsOf(names.slice(half))}: %.o: %.c`,
      '\tgcc -O2 -c $<',
      '',
    ].join('\n'),
  },
  phases: { src_compile: 'make -j20 || die', src_install: 'insinto /usr/share/$PN\ndoins *.o' },
})

const isOurs = (line: string): boolean =>
  /^declare \S+ (JOBSHIM_\w+|__JOBSHIM_\w+|MAKEFLAGS|PATH|SANDBOX_WRITE)=/.test(line)

/** What the phases leave for the package's later life: all variables and functions but those that are jobshim's, or that it adds to. */
function savedBy({ root, buildDirectory }: Portage, name: string): string[] {
  const text = readFileSync(join(buildDirectory(name), 'temp/environment'), 'utf8')
  return text
    .replace(/^__jobshim_\w+ \(\) \n\{.*?\n\}\n/gms, '')
    .replaceAll(root, 'ROOT')
    .split('\n')
    .filter(line => !isOurs(line))
}

for (const features of ['', 'userpriv pid-sandbox network-sandbox ipc-sandbox']) {
  const title = `portage :: enable --sandbox :: ${features || 'as root'} :: what goes past the shims keeps MAKEOPTS, and installs and leaves the same`
  if (!canBuild(undefined, features !== '')) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const recorder = makeOpenRecorder()
    const [bin = ''] = recorder.bin.split(delimiter)
    const past = makePast(bin)
    const setting = {
      path: [recorder.bin, process.env.PATH].join(delimiter),
      makeopts: `-j${jobs}`,
      features,
    }
    const [plain, governed] = [makePortage([past], setting), makePortage([past], setting)]
    await governed.optIn('--sandbox')
    const build = async (portage: Portage) => {
      recorder.take()
      const { status, stdout, stderr } = await portage.ebuild(past.name, ['clean', 'install'])
      assert.is(status, 0, stdout + stderr)
      return {
        image: imageOf(portage.buildDirectory(past.name)),
        saved: savedBy(portage, past.name),
        recording: recorder.take(),
        words: (stdout + stderr).split('\n').filter(line => line.includes('jobshim: ')),
      }
    }
    const before = await build(plain)
    assert.ok(before.recording.peak > jobs, `plain: ${before.recording.peak} at once`)
    assert.is(before.image.length, names.length)
    const after = await build(governed)
    assert.equal(after.words, [])
    assert.equal(after.image, before.image)
    assert.equal(after.saved, before.saved)
    assert.is(after.recording.runs, before.recording.runs)
    assert.is(after.recording.unfinished, 0)
    assert.ok(after.recording.peak <= jobs, `${after.recording.peak} at once`)
    assert.ok(after.recording.peak > 1)
  })
}

test.run()
