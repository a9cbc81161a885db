/** What the supervisor remembers of a tool's ancestors changes nothing but how long it looks at them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { test } from '../support/test-with.js'
import { makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'

const log = ({ root }: SandboxPlace): string[] =>
  readFileSync(join(root, 'out/log'), 'utf8').trimEnd().split('\n')

test('sandbox :: ancestors :: a shell becomes a tool :: what a shell below it starts runs in its slot', async () => {
  const place = await makeSandboxPlace()
  const compile = (ms: number, name: string): string => `${place.tool} -c ${ms} -o "$PWD/out/${name}"`
  // The lower one starts a tool while both are shells, and another one once the upper one is a tool, which waits for it.
  writeFileSync(
    join(place.root, 'lower.sh'),
    `${compile(1, 'before')}
echo >told
until test "$(grep -c + out/log)" -ge 2; do sleep 0.01; done
${compile(1, 'after')}
`,
  )
  const begin = `sh lower.sh & read -r word <told; exec ${compile(3000, 'above')}`
  const script = `mkfifo told; (${begin}); exit $?` // the command itself would have the slot of `run`
  const { status, stdout, stderr } = await place.run(1, ['sh', '-c', script])
  assert.equal([status, stdout], [0, ''], stderr)
  const [before, , above, below] = log(place).map(line => line.slice(2))
  assert.equal(log(place), [
    `+ ${before}`,
    `- ${before}`,
    `+ ${above}`,
    `+ ${below}`,
    `- ${below}`,
    `- ${above}`,
  ])
  assert.equal(JSON.parse(stderr).overdrafts, 0)
})

test('sandbox :: ancestors :: 50 tools of one shell, which is reparented in between :: at most N at once', async () => {
  for (const jobs of [1, 2, 3]) {
    const place = await makeSandboxPlace()
    writeFileSync(
      join(place.root, 'some.sh'),
      `for n in $(seq 50); do ${place.tool} -c 2 -o "$PWD/out/$1-$n" & done; wait; : >done-$1\n`,
    )
    // The shell that starts it ends at once.
    const script =
      '(sh some.sh a &); sh some.sh b; until test -e done-a && test -e done-b; do sleep 0.01; done'
    const { status, stdout, stderr } = await place.run(jobs, ['sh', '-c', script])
    assert.equal([status, stdout], [0, ''], stderr)
    const { runs, peak } = peakOf(place)
    assert.is(runs, 100)
    assert.ok(peak <= jobs, `${peak} at once at -j${jobs}`)
    const { back, total } = JSON.parse(stderr)
    assert.is(back, total)
  }
})

test('sandbox :: ancestors :: a shell becomes a make :: what make starts has the slot that make took for it', async () => {
  const place = await makeSandboxPlace()
  const compile = (name: string): string => `${place.tool} -c 30 -o out/${name}`
  writeFileSync(
    join(place.root, 'Makefile'),
    `all: $(addprefix out/,1 2 3 4 5 6)\nout/%:\n\t@${place.tool} -c 30 -o $@\n`,
  )
  const script = `${compile('first')}; exec make -s all`
  const { status, stdout, stderr } = await place.run(2, ['sh', '-c', script])
  assert.equal([status, stdout], [0, ''], stderr)
  const { runs, peak } = peakOf(place)
  assert.is(runs, 7)
  assert.ok(peak <= 2, `${peak} at once`)
  const { back, total } = JSON.parse(stderr)
  assert.is(back, total)
})

test.run()
