import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { refusals } from '../../src/contract/addresses.js'
import { createLedger } from '../../src/jobserver/ledger.js'
import { thisProcess } from '../../src/jobserver/owner.js'
import {
  addTools,
  type Examination,
  examined,
  makePatient,
  type Patient,
  verdicts,
  wordsOf,
} from '../support/patient.js'
import { makeFifo, makePipe } from '../support/pool.js'
import { test, testWith } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { endServer, serve } from '../yard/served.js'

const patient = await makePatient()

const none = { state: 'ok', text: 'none here: jobshim run makes one' }
const noLimit = {
  state: 'note',
  text: 'none here: the tools of this shell have no limit',
  fix: 'jobshim run -- CMD, or one limit for all terminals: jobshim setup --yes',
}
const unreached = { state: 'note', text: "not known: it can't be reached" }
const unsetting = (release: string): string =>
  `in a recipe of make put + before the line; in this shell: ${release}`

test.after.each(killStarted)

test('doctor :: jobserver :: none', async () => {
  for (const name of ['tokens', 'jobserver alive']) assert.equal(await verdicts(patient, name), [none])
  assert.equal(await verdicts(patient, 'jobserver'), [noLimit])
  assert.equal(await verdicts(patient, 'jobserver', { env: { PATH: patient.tools } }), [none])
  assert.equal(await verdicts(patient, 'jobserver', { env: { JOBSHIM_NO_JOBSERVER: 'machine' } }), [
    { state: 'ok', text: "none here: tools take slots of this user's pool" },
  ])
})

const plain = join(patient.root, 'plain')
writeFileSync(plain, '')
const orphan = join(patient.root, 'orphan')
execFileSync('mkfifo', [orphan])

/** Jobservers that can't be used, by what names them, and why. */
const unusable: readonly { env: Record<string, string>; named: string; why: string; release: string }[] = [
  {
    env: { MAKEFLAGS: ' -j4 --jobserver-auth=fifo:/nowhere' },
    named: 'MAKEFLAGS: --jobserver-auth=fifo:/nowhere',
    why: 'its FIFO does not exist',
    release: 'unset MAKEFLAGS',
  },
  {
    env: { JOBSHIM_JOBSERVER: `fifo:${orphan}` },
    named: `JOBSHIM_JOBSERVER=fifo:${orphan}`,
    why: 'its FIFO has no server',
    release: 'unset JOBSHIM_JOBSERVER',
  },
  {
    env: { JOBSHIM_JOBSERVER: `fifo:${plain}` },
    named: `JOBSHIM_JOBSERVER=fifo:${plain}`,
    why: refusals.plain,
    release: 'unset JOBSHIM_JOBSERVER',
  },
  {
    env: { MAKEFLAGS: ' -j4 --jobserver-auth=30,31' },
    named: 'MAKEFLAGS: --jobserver-auth=30,31',
    why: 'its pipe is closed here, and no ancestor has it',
    release: 'unset MAKEFLAGS',
  },
  {
    env: { MAKEFLAGS: ' -j4 --jobserver-auth=-2,-2' },
    named: 'MAKEFLAGS: --jobserver-auth=-2,-2',
    why: 'the file descriptors are negative: make keeps its jobserver from this recipe',
    release: 'unset MAKEFLAGS',
  },
  {
    env: { CARGO_MAKEFLAGS: '--jobserver-fds=garbage' },
    named: 'CARGO_MAKEFLAGS: --jobserver-fds=garbage',
    why: 'no jobserver in MAKEFLAGS',
    release: 'unset CARGO_MAKEFLAGS',
  },
]

for (const { env, named, why, release } of unusable)
  test(`doctor :: jobserver :: ${why}`, async () => {
    const { checks } = await examined(patient, { env })
    const of = (wanted: string) => checks.filter(({ name }) => name === wanted).map(wordsOf)
    assert.equal(of('jobserver'), [{ state: 'broken', text: `${named}: ${why}`, fix: unsetting(release) }])
    assert.equal(of('tokens'), [unreached])
    assert.equal(of('jobserver alive'), [unreached])
  })

test("doctor :: jobserver :: somebody's FIFO", async () => {
  const pool = makeFifo(patient.root, '++')
  const env = { MAKEFLAGS: `-j3 --jobserver-auth=${pool.auth}` }
  const { checks } = await examined(patient, { env })
  assert.equal(
    checks.filter(({ name }) => /^(jobserver|tokens)/.test(name)),
    [
      {
        name: 'jobserver',
        state: 'ok',
        text: `MAKEFLAGS: --jobserver-auth=${pool.auth}: reached as ${pool.auth}`,
      },
      { name: 'tokens', state: 'ok', text: '2 of ? free' },
      { name: 'jobserver alive', state: 'ok', text: 'somebody has it open' },
    ],
  )
  assert.is(pool.count(), '++')
  pool.close()
})

test('doctor :: jobserver :: a pipe that is handed on', async () => {
  const pool = await makePipe('+')
  const env = { MAKEFLAGS: '-j2 --jobserver-auth=3,4' }
  const [verdict] = await verdicts(patient, 'jobserver', { env, fds: [pool.fd, pool.fd] })
  assert.is(verdict?.state, 'ok')
  assert.match(verdict?.text ?? '', /^MAKEFLAGS: --jobserver-auth=3,4: reached as fifo:\/proc\/\d+\/fd\/3$/)
  const [closed] = await verdicts(patient, 'jobserver', { env })
  assert.is(closed?.state, 'broken')
  pool.close()
})

testWith(
  'make43',
  "doctor :: jobserver :: below a make < 4.4, in a recipe that has it and in one that hasn't",
  async directory => {
    const doctor = `${process.execPath} ${join(repository, 'bin/jobshim.js')} doctor --json`
    writeFiles(patient.work, {
      'make/Makefile': `all:\n\t@${doctor} >plain.json || true\n\t+@${doctor} >plus.json || true\n`,
    })
    const place = join(patient.work, 'make')
    execFileSync(join(directory, 'make'), ['-j3', '-C', place], { env: { ...patient.env }, stdio: 'ignore' })
    for (const name of ['plain', 'plus']) {
      const { checks } = JSON.parse(readFileSync(join(place, `${name}.json`), 'utf8'))
      const [{ state, text }] = checks.filter(({ name }: { name: string }) => name === 'jobserver')
      assert.is(state, 'ok', text)
      const [tokens] = checks.filter(({ name }: { name: string }) => name === 'tokens')
      assert.is(tokens.text, '2 of ? free')
    }
    execFileSync('rm', ['-r', place])
  },
)

/** A pool with a ledger, as jobshim makes it, of which a token is gone. */
function makeLossy(): { env: Record<string, string>; end: () => void } {
  const path = join(patient.root, 'lossy')
  const fifo = makeFifo(patient.root, '+++', 'lossy').fd
  const ledger = createLedger(`${path}.ledger`, 3, thisProcess())
  return {
    env: { JOBSHIM_JOBSERVER: `fifo:${path}` },
    end: () => {
      for (const fd of [fifo, ledger]) closeSync(fd)
      execFileSync('rm', [path, `${path}.ledger`])
    },
  }
}

// A process of another session than its parent's that knows the jobserver may have been started by a killed client: the
// census lets it have a token. This shell does not know it, and what it starts is of its session.
const inSession = ({ JOBSHIM_JOBSERVER: address = '' }: Record<string, string>): Examination => ({
  wrap: ['/bin/sh', '-c', 'address=$1; shift; JOBSHIM_JOBSERVER=$address "$@"; exit $?', 'sh', address],
})

test('doctor :: tokens :: all there; one that a killed client took along', async () => {
  const { env, end } = makeLossy()
  const all = { state: 'ok', text: '3 of 3 free, none lost' }
  assert.equal(await verdicts(patient, 'tokens', inSession(env)), [all])
  const client = spawn('bash', [
    '-c',
    `exec 5<>${env.JOBSHIM_JOBSERVER?.slice(5)}; read -rN1 -u5; kill -9 $$`,
  ])
  await once(client, 'exit')
  assert.equal(await verdicts(patient, 'tokens', inSession(env)), [
    {
      state: 'broken',
      text: '2 of 3 free, 1 lost with killed clients',
      fix: 'start the build anew, below jobshim run; in this shell: unset JOBSHIM_JOBSERVER',
    },
  ])
  end()
})

test('doctor :: tokens :: one that a client holds is not lost; one of a stranger can not be counted', async () => {
  const { env, end } = makeLossy()
  const fifo = env.JOBSHIM_JOBSERVER?.slice(5)
  const held = start({
    env: { ...patient.env, ...env, PATH: `${patient.env.PATH}:${process.env.PATH}` },
    command: [join(patient.shims, '.jobshim/launcher'), '--token', 'sh', '-c', 'echo held $$; read x'],
  })
  await held.tools
  assert.equal(await verdicts(patient, 'tokens', { env }), [{ state: 'ok', text: '2 of 3 free, none lost' }])
  await held.end()
  const stranger = start({
    command: [
      'perl',
      '-e',
      'open F, "+<", shift; sysread F, $_, 1; $| = 1; print "held $$\n"; <STDIN>',
      fifo ?? '',
    ],
  })
  await stranger.tools
  const [verdict] = await verdicts(patient, 'tokens', { env })
  assert.is(verdict?.state, 'note')
  assert.match(verdict?.text ?? '', /^2 of 3 free; not counted: .*perl/)
  await stranger.kill()
  end()
})

test('doctor :: jobserver alive :: below jobshim run', async () => {
  const wrap = [process.execPath, join(repository, 'bin/jobshim.js'), 'run', '-q', '-j3', '--']
  const { checks } = await examined(patient, { wrap })
  const of = (wanted: string) => checks.find(({ name }) => name === wanted)
  assert.is(of('jobserver')?.state, 'ok')
  assert.equal(of('tokens'), { name: 'tokens', state: 'ok', text: '2 of 2 free, none lost' })
  assert.equal(of('jobserver alive'), { name: 'jobserver alive', state: 'ok', text: 'its jobshim lives' })
})

test('doctor :: jobserver alive :: of a jobshim run that was killed, while its build goes on', async () => {
  const gate = join(patient.root, 'gate') // of a stdin Node closes its end when the run dies
  execFileSync('mkfifo', [gate])
  const open = openSync(gate, 'r+')
  const build = start({
    env: { ...patient.env, GATE: gate, PATH: `${patient.env.PATH}:${process.env.PATH}` },
    command: [
      ...[process.execPath, join(repository, 'bin/jobshim.js'), 'run', '-j3', '--'],
      ...[
        'sh',
        '-c',
        'fifo=$(echo $JOBSHIM_JOBSERVER | cut -c6-); exec 9<>"$fifo"; echo "fifo:$fifo"; echo held $$; read x <"$GATE"',
      ],
    ],
  })
  await build.tools
  const [address = ''] = build.output.stdout.split('\n')
  process.kill(build.pid, 'SIGKILL')
  await once(build.child, 'exit')
  assert.equal(await verdicts(patient, 'jobserver alive', { env: { JOBSHIM_JOBSERVER: address } }), [
    {
      state: 'broken',
      text: 'the jobshim run or serve that made it is gone',
      fix: 'start the build anew, below jobshim run; in this shell: unset JOBSHIM_JOBSERVER',
    },
  ])
  closeSync(open)
  await build.end()
})

test('doctor :: jobserver alive :: of a jobshim serve', async () => {
  const served = await serve(2)
  const env = { JOBSHIM_JOBSERVER: `fifo:${served.fifo}` }
  assert.equal(await verdicts(patient, 'jobserver alive', { env }), [
    { state: 'ok', text: 'its jobshim lives' },
  ])
  await endServer(served)
  const [gone] = await verdicts(patient, 'jobserver', { env })
  assert.is(gone?.text, `JOBSHIM_JOBSERVER=fifo:${served.fifo}: its FIFO does not exist`)
})

const translated = 'let it have a shim, which translates (adapters in the config): jobshim install'

/** A patient with a client of the machine's, with its shim and without. */
async function withClient(name: 'make' | 'ninja', directory: string): Promise<[Patient, Patient]> {
  const tools = { [name]: join(directory, name) }
  return [await makePatient({ tools }), await makePatient({ tools, install: ['--no-adapters'] })]
}

testWith(
  'make43',
  'doctor :: make :: one that ends when it meets fifo:, with its shim and without',
  async directory => {
    const [shimmed, bare] = await withClient('make', directory)
    const pool = makeFifo(patient.root, '+', 'make43')
    const env = { MAKEFLAGS: `-j2 --jobserver-auth=${pool.auth}` }
    const [text] = await verdicts(shimmed, 'make')
    assert.match(text?.text ?? '', /^GNU Make \S+ \(\S+\): jobshim run talks to it in its style$/)
    assert.is(text?.state, 'ok')
    const [fine] = await verdicts(shimmed, 'make', { env })
    assert.is(fine?.state, 'ok')
    assert.match(fine?.text ?? '', /can't read fifo:: its shim translates$/)
    const [verdict] = await verdicts(bare, 'make', { env })
    assert.is(verdict?.state, 'broken')
    assert.match(verdict?.text ?? '', /^GNU Make \S+ \(\S+\) can't read fifo:$/)
    assert.is(verdict && 'fix' in verdict ? verdict.fix : '', translated)
    // A shim that is not on PATH translates nothing here.
    const off = { env: { ...env, PATH: shimmed.tools } }
    assert.is((await verdicts(shimmed, 'make', off))[0]?.state, 'broken')
    pool.close()
  },
)

testWith('make44', 'doctor :: make :: one that reads both', async directory => {
  const [, bare] = await withClient('make', directory)
  const pool = makeFifo(patient.root, '+', 'make44')
  for (const auth of [pool.auth, '3,4']) {
    const env = { MAKEFLAGS: `-j2 --jobserver-auth=${auth}` }
    assert.is((await verdicts(bare, 'make', { env, fds: [pool.fd, pool.fd] }))[0]?.state, 'ok')
  }
  pool.close()
})

testWith('ninja111', 'doctor :: ninja :: one that is no client', async directory => {
  const [shimmed] = await withClient('ninja', directory)
  const [verdict] = await verdicts(shimmed, 'ninja')
  assert.is(verdict?.state, 'note')
  assert.match(verdict?.text ?? '', /^ninja 1\.\d+\S* \(\S+\): no client of any jobserver; /)
  assert.is(verdict && 'fix' in verdict ? verdict.fix : '', 'put ninja 1.13 or later on PATH')
})

testWith(
  'ninja113',
  'doctor :: ninja :: one that reads fifo: only, with its shim and without',
  async directory => {
    const [shimmed, bare] = await withClient('ninja', directory)
    const pool = await makePipe('+')
    const pipe = { env: { MAKEFLAGS: '-j2 --jobserver-auth=3,4' }, fds: [pool.fd, pool.fd] }
    for (const one of [shimmed, bare]) assert.is((await verdicts(one, 'ninja'))[0]?.state, 'ok')
    assert.is((await verdicts(shimmed, 'ninja', pipe))[0]?.state, 'ok')
    const [verdict] = await verdicts(bare, 'ninja', pipe)
    assert.is(verdict?.state, 'broken')
    assert.match(verdict?.text ?? '', /^ninja 1\.13\S* \(\S+\) can't read a jobserver of two descriptors$/)
    assert.is(verdict && 'fix' in verdict ? verdict.fix : '', translated)
    pool.close()
  },
)

testWith(
  ['ninja113', 'make43'],
  'doctor :: ninja :: beside a make whose style it can not read',
  async directory => {
    const make = execFileSync('sh', ['-c', 'command -v make'], { encoding: 'utf8' }).trim()
    const [, bare] = await withClient('ninja', directory)
    addTools(bare.tools, { make })
    const [verdict] = await verdicts(bare, 'ninja')
    assert.is(verdict?.state, 'broken')
    assert.match(verdict?.text ?? '', /can't read a jobserver of two descriptors, as make has it here$/)
  },
)

test.run()
