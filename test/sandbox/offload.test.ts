import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readJournal } from '../../src/timeline/read.js'
import { findClient } from '../support/clients.js'
import { distccEnvironment, freePort } from '../support/company.js'
import { hashOutputs } from '../support/driver.js'
import { type Outcome, run } from '../support/jobshim.js'
import { sources, writeSources } from '../support/sources.js'
import { test, testWith } from '../support/test-with.js'
import { makeSandboxPlace, peakOf } from './place.js'
import { type GccPlace, makeGccPlace } from './real-gcc.js'

/** How a build calls a program that has its compiles done elsewhere. None of them does anything here. */
const calls: readonly (readonly [name: string, call: (program: string) => string])[] = [
  ['by its name', program => `${program} gcc`],
  ['by its path', program => `"$PWD/tools/${program}" gcc`],
  ['from a cleared environment', program => `env -i "$PWD/tools/${program}" gcc`],
  ['before ccache', program => `${program} ccache`],
  ["by a compiler's name", program => `"$PWD/links/${program}/gcc"`],
]

for (const program of ['distcc', 'icecc', 'sccache'])
  test(`sandbox :: offload :: ${program} itself takes the slot, however it is called`, async () => {
    const place = await makeSandboxPlace()
    const { root, tool } = place
    copyFileSync(tool, join(root, 'tools', program))
    mkdirSync(join(root, 'links', program), { recursive: true })
    symlinkSync(join(root, 'tools', program), join(root, 'links', program, 'gcc'))
    const lines = calls.flatMap(([, call], index) =>
      [1, 2].map(n => `${call(program)} -c 40 -o "$PWD/out/${index}-${n}" &`),
    )
    const outcome = await place.run(2, ['sh', '-c', `${lines.join('\n')}\nwait`])
    assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
    const { peak, runs: ran } = peakOf(place)
    assert.is(ran, lines.length)
    assert.ok(peak <= 2, `${peak} at once`)
    const { runs, back, total, overdrafts, past } = JSON.parse(outcome.stderr)
    assert.equal([runs, back, total, overdrafts, past], [lines.length, 1, 1, 0, []], outcome.stderr)
  })

test('sandbox :: offload :: what only asks takes no slot', async () => {
  const place = await makeSandboxPlace()
  const { root, tool } = place
  for (const program of ['distcc', 'icecc', 'sccache']) copyFileSync(tool, join(root, 'tools', program))
  const asks = [
    'distcc --version',
    'distcc -j',
    'distcc gcc -dumpversion',
    'icecc --version',
    'icecc gcc --version',
    'sccache --start-server',
    'sccache --show-stats',
    'sccache rustc -vV',
    'sccache', // as it starts its server
  ]
  const outcome = await place.run(1, ['sh', '-c', `${asks.join('\n')}\ntrue`])
  assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
  const { runs, back, total } = JSON.parse(outcome.stderr)
  assert.equal([runs, back, total], [0, 0, 0])
})

const compiles = (words: string): string =>
  `rm -f *.o; all=; ${sources.map(name => `${words} -c ${name}.c -o ${name}.o & all="$all $!"`).join('; ')}; wait $all`

/** A place, and the objects of its sources as gcc alone makes them. */
async function makePlace(): Promise<{ place: GccPlace; objects: Record<string, string> }> {
  const place = await makeGccPlace()
  writeSources(place.root)
  const alone = await run('sh', ['-c', compiles('gcc')], { cwd: place.root, env: place.env })
  assert.equal(alone, { status: 0, signal: null, stdout: '', stderr: '' })
  return { place, objects: hashOutputs(place.root, /\.o$/) }
}

/** Each compile had one slot, which that program took. */
function checkSlots(
  { root }: GccPlace,
  { status, stdout, stderr }: Outcome,
  program: string,
  jobs: number,
): void {
  assert.equal([status, stdout], [0, ''], stderr)
  const { runs, back, total, overdrafts, peak, past } = JSON.parse(stderr)
  assert.equal([runs, back, total, overdrafts, past], [sources.length, jobs - 1, jobs - 1, 0, []], stderr)
  assert.ok(peak <= jobs)
  const { events } = readJournal(join(root, 'journal'))
  assert.equal(
    events.flatMap(event => (event.event === 'tool' ? [event.path] : [])),
    sources.map(() => program),
  )
}

for (const program of ['distcc', 'icecc', 'sccache'] as const)
  for (const jobs of [1, 2])
    testWith(
      [program, 'gcc'],
      `sandbox :: offload :: a real ${program} at -j${jobs}, and what it starts`,
      async () => {
        const { place, objects } = await makePlace()
        const { root, env, flag } = place
        const path = join(findClient(program) ?? '', program)
        const around = {
          SCCACHE_DIR: join(root, 'cache'),
          SCCACHE_SERVER_PORT: String(await freePort()),
          ...distccEnvironment(join(root, 'distcc-state'), 'localhost/8'),
        }
        const variables = Object.entries(around).map(([name, value]) => `${name}=${value}`)
        // Its server is started in the sandbox, and so are the compilers of that.
        const server = program === 'sccache' ? `${path} --start-server >/dev/null 2>&1; ` : ''
        try {
          const outcome = await place.run(
            ['--sandbox', '--journal', 'journal', `-j${jobs}`],
            ['env', ...variables, 'sh', '-c', server + compiles(`${path} gcc ${flag}`)],
          )
          checkSlots(place, outcome, path, jobs)
        } finally {
          if (program === 'sccache') await run(path, ['--stop-server'], { env: { ...env, ...around } })
        }
        const told = place.take()
        assert.ok(told.runs >= sources.length)
        assert.ok(told.peak <= jobs, `${told.peak} at once`)
        assert.equal(hashOutputs(root, /\.o$/), objects)
      },
    )

testWith(
  ['distcc', 'distccd', 'gcc'],
  'sandbox :: offload :: a distccd in the sandbox waits for no slot of its clients',
  async () => {
    const { place } = await makePlace()
    const { root } = place
    const [distcc, distccd] = [
      join(findClient('distcc') ?? '', 'distcc'),
      join(findClient('distccd') ?? '', 'distccd'),
    ]
    const port = await freePort()
    const around = distccEnvironment(join(root, 'distcc-state'), `127.0.0.1:${port}/8`)
    const variables = Object.entries(around).map(([name, value]) => `${name}=${value}`)
    const daemon = `TMPDIR=/tmp ${distccd} --daemon --no-detach --listen 127.0.0.1 -p ${port} -j 8 --allow 127.0.0.1 --log-stderr --log-level=info`
    const script = `${daemon} 2>log & until (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null; do :; done
${compiles(`${distcc} gcc`)}; until [ "$(grep -c COMPILE_OK log)" -ge ${sources.length} ]; do sleep 0.02; done; kill %1; wait`
    const outcome = await place.run(
      ['--sandbox', '--journal', 'journal', '-j1'],
      ['env', ...variables, 'bash', '-c', script],
    )
    checkSlots(place, outcome, distcc, 1)
    assert.is(readFileSync(join(root, 'log'), 'utf8').match(/COMPILE_OK/g)?.length, sources.length)
  },
)

test.run()
