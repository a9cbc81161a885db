import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type ClientKey, clients } from '../support/clients.js'
import { type Build, build, makeSite, type Site } from '../support/driver.js'
import { jobshim, type Outcome, run } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { objects, sources } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository } from '../support/workspace.js'

/** MAKEFLAGS of the user's, and what make does by them: the same below `jobshim run` as without. */
const files = {
  Makefile:
    'include part.mk\n.PHONY: all outer\nall:\n\t@echo "$(PART) $(JAVA) $(WORD)"\n' +
    `outer:\n\t@$(RUN) $(MAKE) --no-print-directory -f Makefile all\n`,
  'part.mk': 'PART = here\n',
  'obj/part.mk': 'PART = obj\n',
  'ob/part.mk': 'PART = ob\n',
  'a b/part.mk': 'PART = blank\n',
  'obj/other.mk': 'OTHER = obj\n',
  'Included.mk': 'include other.mk\nall:\n\t@echo "$(OTHER)"\n',
}

const cases: readonly { makeflags: string; words?: readonly string[] }[] = [
  { makeflags: '-j 8' },
  { makeflags: 'kj 8' },
  { makeflags: '-I obj', words: ['-f', 'Included.mk'] },
  { makeflags: '-I\tobj -j8', words: ['-f', 'Included.mk'] },
  { makeflags: '--include-dir obj', words: ['-f', 'Included.mk'] },
  { makeflags: '--eval=JAVA\\ =\\ java\\ -jar\\ j\t-j8' },
  { makeflags: 'JAVA=java\\ -jar\\ j -j8' },
  { makeflags: '-j8 -- WORD=--jobserver-auth=fifo:/nope\\ -j9' },
  { makeflags: '-j0' },
  { makeflags: '-j8x' },
  { makeflags: '-I' },
]

const judged = ({ status, signal, stdout, stderr }: Outcome): Outcome => ({ status, signal, stdout, stderr })

const makes = ['make43', 'make44'] as const satisfies readonly ClientKey[]

type Ready = { site: Site; shims: string }
const ready = new Map<string, Promise<Ready>>()

function prepare(needs: readonly ClientKey[], args: readonly string[] = []): Promise<Ready> {
  const key = [...needs, ...args].join(' ')
  const there = ready.get(key)
  if (there) return there
  const made = (async () => {
    const site = makeSite({ needs })
    return {
      site,
      shims: await installShims(join(makeWorkspace(), 'shims'), { args, env: { PATH: site.path } }),
    }
  })()
  ready.set(key, made)
  return made
}

for (const key of makes)
  for (const { makeflags, words = [] } of cases)
    testWith(
      key,
      `run :: MAKEFLAGS :: ${clients[key].name} obeys ${JSON.stringify(makeflags)} as without`,
      async () => {
        const { site, shims } = await prepare([key])
        const env = { PATH: site.path, MAKEFLAGS: makeflags }
        const make = ['make', '-s', ...words]
        const both: Build[] = []
        for (const start of [
          () => run('make', make.slice(1), { cwd: site.directory, env }),
          () => jobshim(['run', '-q', '-j3', '--dir', shims, '--', ...make], { cwd: site.directory, env }),
        ])
          both.push(await build(site, { files }, start))
        const [plain, governed] = both.map(judged)
        assert.equal(governed, plain)
      },
    )

for (const key of makes)
  testWith(key, `run :: MAKEFLAGS :: ${clients[key].name} with --eval, and a run in its recipe`, async () => {
    const { site, shims } = await prepare([key])
    const env = { PATH: site.path }
    const above = (RUN: string): Promise<Outcome> =>
      run('make', ['-s', '--eval=JAVA = java -jar j', `RUN=${RUN}`, 'outer'], { cwd: site.directory, env })
    const runLine = `${process.execPath} ${join(repository, 'bin/jobshim.js')} run -q -j3 --dir ${shims} --`
    const plain = await build(site, { files }, () => above(''))
    const governed = await build(site, { files }, () => above(runLine))
    assert.equal(judged(governed), judged(plain))
    assert.is(plain.stdout, 'here java -jar j \n')
  })

const script = `${sources.map(name => `cc -c ${name}.c -o ${name}.o & `).join('')}wait\n`

/** A pool of make's own in a directory with a blank, and an --eval that looks like an address. */
const pools: readonly {
  name: string
  needs: readonly ClientKey[]
  args: readonly string[]
  env?: Record<string, string>
  recipe: string
}[] = [
  {
    name: 'make 4.4 with a blank in TMPDIR',
    needs: ['make44'],
    args: [],
    env: { TMPDIR: 't mp' },
    recipe: '@sh script',
  },
  {
    name: 'make 4.4 with a blank in TMPDIR, ninja below it',
    needs: ['make44', 'ninja113'],
    args: [],
    env: { TMPDIR: 't mp' },
    recipe: '+@sh -c "ninja --quiet & ninja --quiet -f other.ninja & wait"',
  },
  {
    name: 'make 4.4 with an address in --eval',
    needs: ['make44'],
    args: ['--eval=A=1 --jobserver-auth=fifo:/nope'],
    recipe: '@sh script',
  },
  {
    name: 'make 4.3 with an address in --eval',
    needs: ['make43'],
    args: ['--eval=A=1 --jobserver-auth=fifo:/nope'],
    recipe: '@sh script',
  },
]

const ninjafile = (names: readonly string[]): string =>
  `rule cc\n  command = cc -c $in -o $out\n${names.map(name => `build ${name}.o: cc ${name}.c\n`).join('')}`

for (const { name, needs, args, env = {}, recipe } of pools)
  testWith(needs, `shims :: MAKEFLAGS :: ${name} :: the limit holds`, async () => {
    const { site, shims } = await prepare(needs)
    const halves = [sources.slice(0, 5), sources.slice(5)]
    const ninjas = {
      'build.ninja': ninjafile(halves[0] ?? []),
      'other.ninja': `builddir = other\n${ninjafile(halves[1] ?? [])}`,
    }
    const outcome = await build(
      site,
      { files: { Makefile: `all:\n\t${recipe}\n`, script, ...ninjas, 't mp/here': '' } },
      () =>
        run('make', ['-s', '-j2', ...args], {
          cwd: site.directory,
          env: {
            ...Object.fromEntries(
              Object.entries(env).map(([name, value]) => [name, join(site.directory, value)]),
            ),
            PATH: `${shims}:${site.path}`,
          },
        }),
    )
    assert.equal(judged(outcome), { status: 0, signal: null, stdout: '', stderr: '' })
    assert.equal(Object.keys(outcome.outputs).sort(), [...objects].sort())
    assert.equal([outcome.recording.runs, outcome.recording.unfinished], [sources.length, 0])
    assert.is(outcome.recording.peak, 2)
  })

/** What reads the address of a pool whose place has an odd name. */
const readers: readonly { name: string; needs: readonly ClientKey[]; command: readonly string[] }[] = [
  { name: 'make 4.3', needs: ['make43'], command: ['make', '-s'] },
  { name: 'make 4.4', needs: ['make44'], command: ['make', '-s'] },
  { name: 'ninja 1.13', needs: ['make44', 'ninja113'], command: ['ninja', '--quiet'] },
]
const makefile = `all: ${objects.join(' ')}\n%.o: %.c\n\tcc -c $< -o $@\n`

for (const { name, needs, command } of readers)
  testWith(needs, `run :: XDG_RUNTIME_DIR that not all clients read :: ${name} joins`, async () => {
    const { site, shims } = await prepare(needs, ['--no-adapters'])
    for (const odd of ['r un', 'r$un', 'r\\un']) {
      const runtime = join(makeWorkspace(), odd)
      mkdirSync(runtime, { mode: 0o700 })
      const outcome = await build(
        site,
        { files: { Makefile: makefile, 'build.ninja': ninjafile(sources) } },
        () =>
          jobshim(['run', '-q', '-j2', '--dir', shims, '--', ...command], {
            cwd: site.directory,
            env: { PATH: site.path, XDG_RUNTIME_DIR: runtime },
          }),
      )
      assert.equal(judged(outcome), { status: 0, signal: null, stdout: '', stderr: '' })
      assert.equal([outcome.recording.runs, outcome.recording.unfinished], [sources.length, 0])
      assert.is(outcome.recording.peak, 2, odd)
    }
  })

for (const key of makes)
  testWith(key, `run :: --jobserver with a blank in its path :: ${clients[key].name} joins`, async () => {
    const { site, shims } = await prepare([key], ['--no-adapters'])
    const place = join(makeWorkspace(), 'a b')
    mkdirSync(place)
    const pool = makeFifo(place, 'AB')
    const outcome = await build(site, { files: { Makefile: makefile } }, () =>
      jobshim(['run', '-q', '--jobserver', pool.auth, '--dir', shims, '--', 'make', '-s'], {
        cwd: site.directory,
        env: { PATH: site.path },
      }),
    )
    assert.equal(judged(outcome), { status: 0, signal: null, stdout: '', stderr: '' })
    assert.equal([outcome.recording.runs, outcome.recording.unfinished], [sources.length, 0])
    assert.is(outcome.recording.peak, 2)
    assert.is(pool.count().length, 2) // make gives back a byte of its own
    pool.close()
  })

test.run()
