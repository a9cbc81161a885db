import { chmodSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { repository } from '../support/workspace.js'
import { killStarted } from '../yard/held.js'
import { runDirectories } from '../yard/runs.js'
import { endServer, serve } from '../yard/served.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** Has the `look` of a yard do one command as `script` does, and else as ours. */
function lie({ shims }: Yard, command: string, script: string): void {
  const look = join(shims, '.jobshim/look')
  const real = join(repository, 'shims/build/look')
  writeFileSync(`${look}.new`, `#!/bin/sh\ncase "$1" in ${command}) ${script};; esac\nexec ${real} "$@"\n`)
  chmodSync(`${look}.new`, 0o755)
  renameSync(`${look}.new`, look)
}

async function makeLiar(command: string, script: string): Promise<Yard> {
  const yard = await makeYard('A')
  lie(yard, command, script)
  return yard
}

const call = (yard: Yard, [command = '', ...args]: readonly string[], env = {}): Promise<Outcome> =>
  jobshim([command, '--no-config', '--dir', yard.shims, ...args], {
    env: { ...yard.env, HOME: yard.root, ...env },
  })

const says = ({ shims }: Yard): string =>
  `jobshim: ${shims}/.jobshim/look: its answer can't be read\n` +
  '  see jobshim doctor, or install the shims anew: jobshim install\n'

const scripts: readonly { what: string; script: string }[] = [
  { what: 'exits 0 and prints nothing', script: 'exit 0' },
  { what: 'prints what is no answer', script: `printf '0\\0'; exit 0` },
  { what: 'prints an answer that is cut', script: `printf 'fifo:/x\\0001\\000'; exit 0` },
  { what: 'is killed', script: 'kill -9 $$' },
]

for (const { what, script } of scripts) {
  test(`answers :: a look that ${what} :: status`, async () => {
    const yard = await makeLiar('jobserver', script)
    const outcome = await call(yard, ['status', '--jobserver', yard.pool.auth])
    assert.equal(outcome, { status: 1, signal: null, stdout: '', stderr: says(yard) })
  })

  test(`answers :: a look that ${what} :: run, in somebody else's pool`, async () => {
    const yard = await makeLiar('jobserver', script)
    const outcome = await call(yard, ['run', '--', 'echo', 'ran'], {
      MAKEFLAGS: `-j2 --jobserver-auth=${yard.pool.auth}`,
    })
    assert.equal(outcome, { status: 125, signal: null, stdout: '', stderr: says(yard) })
  })

  test(`answers :: a look that ${what} :: run, in a pool of its own`, async () => {
    const yard = await makeLiar('prepare', script)
    const outcome = await call(yard, ['run', '-j2', '--', 'echo', 'ran'])
    assert.equal(outcome, { status: 125, signal: null, stdout: '', stderr: says(yard) })
    assert.equal(runDirectories(yard), [])
  })

  for (const command of ['lock', 'prepare'])
    test(`answers :: a look that ${what} :: serve, which asks ${command}`, async () => {
      const yard = await makeLiar(command, script)
      const outcome = await call(yard, ['serve', '--fifo', join(yard.root, 'central'), '-j2'])
      assert.equal(outcome, { status: 1, signal: null, stdout: '', stderr: says(yard) })
      assert.equal(
        readdirSync(yard.root).filter(name => name.includes('central')),
        command === 'lock' ? ['central.lock'] : [],
      )
    })
}

const tends: readonly { what: string; script: string }[] = [
  { what: 'says nothing, and ends', script: 'exit 0' },
  {
    what: 'says how many tokens it has put back, and no number',
    script: 'echo restored many; exec sleep 1000',
  },
  { what: 'says what nobody knows', script: 'echo hello; exec sleep 1000' },
  { what: 'says that it has put back fewer than none', script: 'echo restored -3; exec sleep 1000' },
]

for (const { what, script } of tends)
  test(`answers :: a look that looks after a pool and ${what} :: serve ends`, async () => {
    const yard = await makeLiar('caretaker', script)
    const fifo = join(yard.root, 'central')
    const { status, stdout, stderr } = await call(yard, ['serve', '--fifo', fifo, '-j2'])
    assert.equal(
      { status, stdout, stderr },
      {
        status: 1,
        stdout: `--jobserver-auth=fifo:${fifo}\n`,
        stderr: `jobshim: ${yard.shims}/.jobshim/look: ends at once, and can't look after the FIFO\n  see jobshim doctor\n`,
      },
    )
    assert.equal(
      readdirSync(yard.root).filter(name => name.includes('central')),
      [],
    )
  })

type Check = { name: string; state: string; text: string }

test('answers :: a look that exits 0 and prints nothing :: doctor calls nothing whole', async () => {
  const yard = await makeLiar('jobserver', 'exit 0')
  const { stdout } = await call(yard, ['doctor', '--json'], { JOBSHIM_JOBSERVER: yard.pool.auth })
  const { checks } = JSON.parse(stdout) as { checks: readonly Check[] }
  const of = (wanted: string): Check[] => checks.filter(({ name }) => name === wanted)
  assert.equal(
    [...of('jobserver'), ...of('tokens')].map(({ state, text }) => ({ state, text })),
    [
      {
        state: 'note',
        text: `JOBSHIM_JOBSERVER=${yard.pool.auth}: not tried: the launcher's answer can't be read`,
      },
      { state: 'note', text: "not known: it can't be reached" },
    ],
  )
})

test('answers :: a look that counts no lost tokens, and exits 0 :: doctor calls nothing whole', async () => {
  const served = await serve(3)
  lie(served.yard, 'lost', 'exit 0')
  const { stdout } = await call(served.yard, ['doctor', '--json'], {
    JOBSHIM_JOBSERVER: `fifo:${served.fifo}`,
  })
  const { checks } = JSON.parse(stdout) as { checks: readonly Check[] }
  const [tokens] = checks.filter(({ name }) => name === 'tokens')
  assert.equal(
    [tokens?.state, tokens?.text],
    ['note', "3 of 3 free; not counted: the launcher's answer can't be read"],
  )
  await endServer(served)
})

test.after.each(killStarted)

test.run()
