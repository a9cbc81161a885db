/** A tool that has a slot starts several tools at once: one of them is in its slot, the others take some of their own. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readJournal } from '../../src/timeline/read.js'
import { buildProgram } from '../support/built.js'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'

const env = { JOBSHIM_PATIENCE: '0' } // whoever waits for a slot that is never given back waits for ever

/** With tools that start others, `STARTER COMMAND`: a compiler's name, and a program by a rule. */
async function prepare(): Promise<
  SandboxPlace & {
    starter: string
    builder: string
    limited: (jobs: number, script: string, more?: Record<string, string>) => Promise<Outcome>
  }
> {
  const place = await makeSandboxPlace()
  const { root, tool, shims } = place
  const [starter, builder, config] = [
    join(root, 'tools/gcc-14'),
    join(root, 'builder'),
    join(root, 'config.json'),
  ]
  buildProgram(starter, ['starts-others.c'])
  copyFileSync(starter, builder)
  writeFileSync(config, JSON.stringify({ rules: [{ program: '**/builder' }] }))
  const compile = (name: string) => `${tool} -c 60 -o ${root}/out/${name}`
  writeFiles(root, {
    Makefile: `all: a b c\na b c:\n\t@${compile('$@')}\n`,
    'at-once.sh': `${['a', 'b', 'c'].map(name => `${compile(name)} &`).join('\n')}\nwait\n`,
    'in-turn.sh': `${['a', 'b', 'c'].map(compile).join('\n')}\n`,
  })
  const words = ['run', '--sandbox', '--json', '--config', config, '--dir', shims]
  const limited = (jobs: number, script: string, more: Record<string, string> = {}) =>
    jobshim([...words, `-j${jobs}`, '--', 'sh', '-c', script], {
      cwd: root,
      env: { ...place.env, ...env, JOBSHIM_JOURNAL: join(root, 'journal'), ...more },
    })
  return { ...place, starter, builder, limited }
}

type Place = Awaited<ReturnType<typeof prepare>>

function assertRan(
  { status, stdout, stderr }: Outcome,
  jobs: number,
  place: SandboxPlace,
  runs: number,
): void {
  assert.equal([status, stdout], [0, ''], stderr)
  const { back, total, overdrafts } = JSON.parse(stderr)
  assert.equal([back, total, overdrafts], [jobs - 1, jobs - 1, 0], stderr)
  const told = peakOf(place)
  assert.is(told.runs, runs)
  assert.ok(told.peak <= jobs, `${told.peak} at once under -j${jobs}`)
}

const ways: Readonly<Record<string, (place: Place) => string>> = {
  'starts three by itself': ({ starter }) => `${starter} 'sh at-once.sh'; true`,
  'of the command itself starts three': ({ starter }) => `exec ${starter} 'sh at-once.sh'`,
  'starts three from a cleared environment': ({ starter }) => `${starter} 'exec env -i sh at-once.sh'; true`,
  'starts make, which has a pool of its own': ({ starter }) =>
    `${starter} 'env -i /usr/bin/make -s -j3'; true`,
  'starts a tool that starts three': ({ starter }) => `${starter} '${starter} "sh at-once.sh"; true'; true`,
  'below a make starts three': ({ starter, root }) => {
    writeFiles(root, { Other: `all:\n\t@${starter} 'sh at-once.sh'; true\n` })
    return 'make -s -f Other'
  },
  'that make starts starts three': ({ starter, root }) => {
    writeFiles(root, { Other: `all:\n\t@${starter} 'sh at-once.sh'\n` })
    return 'make -s -f Other'
  },
  'that a rule names starts three': ({ builder }) => `${builder} 'sh at-once.sh'; true`,
  'that a rule names starts make, which has a pool of its own': ({ builder }) =>
    `${builder} 'env -u MAKEFLAGS /usr/bin/make -s -j3'; true`,
}

for (const [name, script] of Object.entries(ways))
  for (const jobs of [1, 2, 3])
    test(`sandbox :: beside :: a tool ${name}, at -j${jobs}`, async () => {
      const place = await prepare()
      assertRan(await place.limited(jobs, script(place)), jobs, place, 3)
    })

const mixed: Readonly<Record<string, (place: Place) => string>> = {
  'a tool, and make by its adapter': ({ root, tool }) => `${tool} -c 200 -o ${root}/out/d & make -s; wait`,
  'make by its adapter, and a tool': ({ root, tool }) =>
    `make -s & until test -s ${root}/out/log; do :; done; ${tool} -c 60 -o ${root}/out/d; wait`,
  'a tool, and three more by shims': ({ root, tool, shims }) =>
    `${tool} -c 200 -o ${root}/out/d & PATH=${shims}:$PATH; ${['a', 'b', 'c'].map(name => `gcc -c 60 -o ${root}/out/${name} &`).join(' ')} wait`,
  'make by its path, which has joined, and a tool': ({ root, tool }) =>
    `/usr/bin/make -s & until test -s ${root}/out/log; do :; done; ${tool} -c 60 -o ${root}/out/d; wait`,
}

for (const [name, script] of Object.entries(mixed))
  for (const jobs of [1, 2])
    test(`sandbox :: beside :: a tool starts ${name}, at -j${jobs}`, async () => {
      const place = await prepare()
      writeFiles(place.root, { 'mixed.sh': `${script(place)}\n` })
      assertRan(await place.limited(jobs, `${place.starter} 'sh mixed.sh'; true`), jobs, place, 4)
    })

/** A tool starts one that starts make by its adapter, and then another; and beside that one `b`, once make has started its tool. */
async function startDeep(jobs: number, more: (place: Place) => string): Promise<[Place, Outcome]> {
  const place = await prepare()
  const { root, tool, starter } = place
  const compile = (name: string) => `${tool} -c 200 -o ${root}/out/${name}`
  writeFiles(root, {
    Deep: `all:\n\t@${compile('a')}${more(place)}\n`,
    'deep.sh': `${starter} 'make -s -f Deep; ${compile('c')}' & until test -s out/log; do :; done; ${compile('b')}; wait\n`,
  })
  return [place, await place.limited(jobs, `${starter} 'sh deep.sh'; true`)]
}

test('sandbox :: beside :: a tool, and one that make is below :: the first waits until the other has ended, at -j1', async () => {
  const [place, outcome] = await startDeep(1, () => '')
  assertRan(outcome, 1, place, 3)
})

test('sandbox :: beside :: a tool, and one that make is below :: the first has the token, at -j2', async () => {
  const untilThere = ({ root }: Place): string =>
    `; for i in $$(seq 900); do ! test -e ${root}/out/b || exit 0; sleep 0.1; done; echo b waits`
  const [place, outcome] = await startDeep(2, untilThere)
  assertRan(outcome, 2, place, 3)
})

test('sandbox :: beside :: two tools each start three, at -j2', async () => {
  const place = await prepare()
  const { starter, root, tool } = place
  const three = (names: readonly string[]) =>
    names.map(name => `${tool} -c 60 -o ${root}/out/${name} &`).join(' ')
  const script = `${starter} '${three(['a', 'b', 'c'])} wait' & ${starter} '${three(['d', 'e', 'f'])} wait' & wait`
  assertRan(await place.limited(2, script), 2, place, 6)
})

test('sandbox :: beside :: a tool that starts one after another has one slot, and one line in the journal', async () => {
  const place = await prepare()
  const { status, stderr } = await place.limited(2, `${place.starter} 'sh in-turn.sh'; true`)
  assert.is(status, 0, stderr)
  const { runs, callerRuns } = JSON.parse(stderr)
  assert.equal([runs, callerRuns], [1, 0], stderr)
  assert.equal(peakOf(place), { runs: 3, peak: 1 })
  const { events } = readJournal(join(place.root, 'journal'))
  const seen = events.flatMap(event => (event.event === 'tool' ? [[event.tool, event.slot]] : []))
  assert.equal(seen, [['gcc-14', 'implicit']])
})

/** Two tools below one that need each other: the first one ends once the second one has. */
function needed({ starter, tool, root }: Place): string {
  writeFiles(root, {
    'needed.sh': `${starter} "echo >ready; read x <go" & read x <ready; ${tool} -c 20 -o ${root}/out/a; echo >go; wait\n`,
  })
  return `mkfifo ready go; ${starter} 'sh needed.sh'`
}

test('sandbox :: beside :: a second tool has a token, and a line in the journal', async () => {
  const place = await prepare()
  assertRan(await place.limited(2, needed(place)), 2, place, 1)
  const { events } = readJournal(join(place.root, 'journal'))
  const seen = events.flatMap(event => (event.event === 'tool' ? [[event.tool, event.slot]] : []))
  assert.equal(seen, [
    ['gcc', 'token'],
    ['gcc-14', 'implicit'],
  ])
})

test('sandbox :: beside :: two that need each other in one slot go on after patience', async () => {
  const place = await prepare()
  const { status, stderr } = await place.limited(1, needed(place), { JOBSHIM_PATIENCE: '1' })
  assert.is(status, 0, stderr)
  const [said, summary, ...rest] = stderr.trimEnd().split('\n')
  assert.is(said, 'jobshim: gcc: no slot was free for 1 s on an idle machine: run without one')
  const { back, total, overdrafts } = JSON.parse(summary ?? '')
  assert.equal([back, total, overdrafts, rest], [0, 0, 1, []])
})

test('sandbox :: beside :: a tool that outlives the one above is none that others are below', async () => {
  const place = await prepare()
  const { root, starter } = place
  writeFiles(root, {
    'above.sh': `${starter} "echo >ready; read x <go; sh at-once.sh; echo >done" & read x <ready\n`,
  })
  const script = `mkfifo ready go done; ${starter} 'sh above.sh'; echo >go; read x <done`
  assertRan(await place.limited(1, script), 1, place, 3)
})

test("sandbox :: beside :: a tool's own children and threads are no tools of their own", async () => {
  const place = await prepare()
  const forks = join(place.root, 'tools/gcc-13')
  buildProgram(forks, ['forks-itself.c'], ['-pthread'])
  const { status, stdout, stderr } = await place.limited(1, `${forks} -c a.c & ${forks} -c b.c & wait`)
  assert.equal([status, stdout], [0, ''], stderr)
  const { runs, back, total, overdrafts } = JSON.parse(stderr)
  assert.equal([runs, back, total, overdrafts], [2, 0, 0, 0], stderr)
})

test.run()
