import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, copyFileSync, existsSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findAuth } from '../../src/jobserver/auth.js'
import { type ClientKey, findClient } from '../support/clients.js'
import { makeFifo, makePipe, tokensIn } from '../support/pool.js'
import { wholeSummary, withoutUse } from '../support/summary.js'
import { repository, writeFiles } from '../support/workspace.js'
import { type Held, killStarted, start } from '../yard/held.js'
import { jobshimRun, summaryLine } from '../yard/runs.js'
import { makeYard } from '../yard/yard.js'

/** Each byte is another, so that one given back twice, or another than was taken, shows. */
const tokens = 'abc'
const sorted = (text: string): string => [...text].sort().join('')

type Joined = {
  env: Readonly<Record<string, string>>
  fds?: readonly number[]
  count: () => string | Promise<string> // the tokens in the pool now
}

/** A byte on its way through a device takes a moment to be seen again; a FIFO is right at the first look. */
async function reaches(
  count: Joined['count'],
  isRight: (shown: string) => boolean,
  what: string,
): Promise<void> {
  let shown = await count()
  for (let look = 0; look < 500 && !isRight(shown); look++) {
    await new Promise(resolve => setTimeout(resolve, 10))
    shown = await count()
  }
  assert.ok(isRight(shown), `${what}: the pool has ${JSON.stringify(shown)}`)
}

/** Two at once: one in the implicit slot, one with a token. The others are there to be seen, and all come back. */
async function assertTakes({ env, fds, count }: Joined): Promise<void> {
  const held: Held[] = []
  for (const left of [tokens.length, 2, 1, 0]) {
    const next = start({ env, fds })
    await next.tools
    held.push(next)
    await reaches(count, shown => shown.length === left, `${left} tokens`)
  }
  const waiter = start({ env, fds })
  const [first, second, ...others] = held
  for (const one of [second, waiter, first, ...others]) {
    const [tool] = (await one?.tools) ?? []
    assert.equal(await one?.end(), { status: 7, signal: null, stdout: `held ${tool}\n`, stderr: '' })
  }
  await reaches(count, shown => sorted(shown) === tokens, tokens)
}

for (const { name, env } of [
  { name: 'MAKEFLAGS, make 4.4', env: (auth: string) => ({ MAKEFLAGS: ` -j4 --jobserver-auth=${auth}` }) },
  {
    name: 'MAKEFLAGS, variables behind it',
    env: (auth: string) => ({
      MAKEFLAGS: `ks -j4 --jobserver-auth=${auth} -- A=--jobserver-auth=fifo:/none`,
    }),
  },
  { name: 'CARGO_MAKEFLAGS', env: (auth: string) => ({ CARGO_MAKEFLAGS: `-j --jobserver-auth=${auth}` }) },
  { name: 'JOBSHIM_JOBSERVER', env: (auth: string) => ({ JOBSHIM_JOBSERVER: auth }) },
])
  test(`joins :: FIFO :: ${name}`, async () => {
    const yard = await makeYard(tokens)
    const { pool } = yard
    await assertTakes({ env: { ...yard.env, ...env(pool.auth) }, count: pool.count })
  })

for (const { name, env } of [
  { name: '--jobserver-auth', env: { MAKEFLAGS: ' -j4 --jobserver-auth=3,4' } },
  { name: '--jobserver-fds, make 4.1', env: { MAKEFLAGS: 'k -j --jobserver-fds=3,4' } },
  {
    name: 'negative fds last, make 4.4',
    env: { MAKEFLAGS: ' -j4 --jobserver-auth=3,4 --jobserver-auth=-2,-2' },
  },
  { name: 'CARGO_MAKEFLAGS', env: { CARGO_MAKEFLAGS: '-j --jobserver-fds=3,4 --jobserver-auth=3,4' } },
  { name: 'JOBSHIM_JOBSERVER', env: { JOBSHIM_JOBSERVER: '3,4' } },
])
  test(`joins :: inherited pipe :: ${name}`, async () => {
    const yard = await makeYard('')
    const pool = await makePipe(tokens)
    await assertTakes({ env: { ...yard.env, ...env }, fds: [pool.fd, pool.fd], count: pool.count })
    pool.close()
  })

test('joins :: JOBSHIM_JOBSERVER wins over MAKEFLAGS', async () => {
  const yard = await makeYard(tokens)
  const other = makeFifo(yard.root, 'z', 'other')
  const env = { ...yard.governed, MAKEFLAGS: ` -j2 --jobserver-auth=${other.auth}` }
  await assertTakes({ env, count: yard.pool.count })
  assert.is(other.count(), 'z')
  other.close()
})

const python = `import os, subprocess
tools = [subprocess.Popen(['hold'], stdin=open(os.environ['GATE']), close_fds=True) for _ in range(2)]
for tool in tools:
    tool.wait()
`

/** The recipe starts two tools, which end when the gate is closed; `closed` says that it has no jobserver open. */
const recipes: readonly { name: string; needs: readonly ClientKey[]; recipe: string; closed: boolean }[] = [
  {
    name: 'a recipe without +',
    needs: ['make43'],
    recipe: 'hold <"$$GATE" & hold <"$$GATE" & wait',
    closed: true,
  },
  {
    name: 'a + recipe, then Python',
    needs: ['make43', 'python'],
    recipe: 'python3 two.py; true',
    closed: false,
  },
  {
    name: 'a recipe without +, then Python',
    needs: ['make43', 'python'],
    recipe: 'python3 two.py; true',
    closed: true,
  },
]

for (const { name, needs, recipe, closed } of recipes) {
  const title = `joins :: pipe closed on the way :: make 4.3, ${name}`
  const make = findClient('make43')
  if (make === undefined || needs.some(key => findClient(key) === undefined)) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const yard = await makeYard('')
    const gate = join(yard.root, 'gate')
    execFileSync('mkfifo', [gate])
    const open = openSync(gate, 'r+')
    const look = 'if test -e /proc/$$$$/fd/3; then echo open; else echo closed; fi; echo "$$MAKEFLAGS"'
    writeFiles(yard.root, {
      Makefile: `all:\n\t${closed ? '@' : '+@'}${look}; ${recipe}\n`,
      'two.py': python,
    })
    const held = start({
      env: { ...yard.env, GATE: gate },
      command: [join(make, 'make'), '-j4', '--no-print-directory', '-C', yard.root],
      wanted: 2,
    })
    await held.tools
    const [state, makeflags = ''] = held.output.stdout.split('\n')
    assert.is(state, closed ? 'closed' : 'open')
    const auth = findAuth(makeflags)
    if (auth?.kind !== 'pipe') throw new Error(`no pipe in ${makeflags}`)
    const pipe = `/proc/${held.pid}/fd/${auth.readFd}`
    assert.is(tokensIn(pipe), '++') // of three; make's own slot is that of the recipe
    closeSync(open)
    const { status, stderr } = await held.end()
    assert.is(stderr, '') // make would say here that a token is missing
    assert.is(status, 0)
  })
}

test('joins :: an ancestor jobshim run, the environment cleared', async () => {
  const yard = await makeYard('')
  const hold = `env -i PATH=${join(yard.root, 'bin')} ${join(yard.shims, 'hold')} <&3`
  const script = `exec 3<&0; ${hold} & ${hold} & ${hold} & wait; exit 5`
  const held = start({
    env: yard.env,
    command: [
      process.execPath,
      join(repository, 'bin/jobshim.js'),
      'run',
      '-j3',
      '--dir',
      yard.shims,
      '--',
      'sh',
      '-c',
      script,
    ],
    wanted: 3,
  })
  await held.tools
  const state = join(yard.runtime, readdirSync(yard.runtime)[0] ?? '')
  const directories = readdirSync(state)
  assert.is(directories.length, 1)
  assert.is(tokensIn(join(state, directories[0] ?? '', 'fifo')), '')
  const { status, stderr } = await held.end()
  assert.is(status, 5)
  assert.match(withoutUse(stderr), summaryLine('3 tools', 3, 3))
  assert.not(existsSync(join(state, directories[0] ?? '')))
})

/** Some program of our name, as an editor's session may be: what it has open is no ledger of its own. */
test('joins :: below jobshim run a process that is only named jobshim, the environment cleared :: joins the run', async () => {
  const yard = await makeYard('')
  const other = makeFifo(yard.root, 'z', 'other')
  writeFiles(yard.root, { 'other.ledger': 'a ledger of accounts\n' })
  copyFileSync('/bin/sh', join(yard.root, 'jobshim'))
  chmodSync(join(yard.root, 'jobshim'), 0o755)
  const hold = `env -i PATH=${join(yard.root, 'bin')} ${join(yard.shims, 'hold')} <&3`
  const named = `exec 4<other 5<other.ledger; ${hold} & ${hold} & wait; exit 5`
  const { status, stdout, stderr } = await jobshimRun(yard, [
    ...['--no-config', '-j2', '--', 'sh', '-c'],
    `exec 3</dev/null 4<>other; ./jobshim -c '${named}'; exit $?`,
  ])
  assert.is(status, 5, stderr)
  assert.match(stdout, /^held \d+\nheld \d+\n$/)
  assert.match(withoutUse(stderr), new RegExp(`^jobshim: 2 tools ran${wholeSummary}$`))
  assert.is(other.count(), 'z')
  other.close()
})

test.after.each(killStarted)

test.run()
