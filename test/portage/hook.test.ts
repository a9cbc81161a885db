/** The hook as the shell of a phase sources it, with stand-ins for the two functions of Portage's that it calls. */
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ledgerLayout } from '../../src/contract/ledger-layout.js'
import { visibleLine } from '../../src/ground/visible.js'
import { type Outcome, run } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'

const root = makeWorkspace()
const cores = 5 // so many nproc tells
writeFiles(root, { 'bin/hold': '#!/bin/sh\n', 'bin/nproc': `#!/bin/sh\necho ${cores}\n` })
for (const name of ['hold', 'nproc']) chmodSync(join(root, 'bin', name), 0o755)
const path = `${join(root, 'bin')}:${process.env.PATH}`
const shims = await installShims(join(root, 'lib/portage'), {
  args: ['--tools', 'hold'],
  env: { PATH: path },
})
cpSync(join(repository, 'portage/hook.bash'), join(root, 'lib/portage-hook.bash'))

/** What Portage has around it: ewarn reads backslashes. */
const surroundings = `
ewarn() { echo -e "ewarn: $*" >&2; }
addwrite() { echo "addwrite $1"; }
source '${root}/lib/portage-hook.bash'
`

/** What a phase has afterwards; the tokens of its pool, which are plus signs, are read at once. */
const script = `
echo "MAKEFLAGS=\${MAKEFLAGS-unset}"
echo "JOBSHIM_JOBSERVER=\${JOBSHIM_JOBSERVER-unset}"
echo "shims first: $([[ $PATH == '${shims}':* ]] && echo yes || echo no)"
if [[ -n $__JOBSHIM_POOL ]]; then
	tokens=$(dd if=/proc/self/fd/$__JOBSHIM_POOL iflag=nonblock bs=100000 count=1 2>/dev/null)
	echo "tokens: \${#tokens}, others: \${tokens//+}"
fi
`

type Phase = Outcome & { temporary: string }

type Around = { env?: Record<string, string>; script?: string; before?: string; temporary?: string }

/** Sources the hook, and runs a script then. `before` is what ran before it. */
async function phase(
  makeopts: string,
  { env = {}, script: then = script, before = '', temporary = makeWorkspace('T') }: Around = {},
): Promise<Phase> {
  const outcome = await run('bash', ['-c', `cd "$T"\n${before}\n${surroundings}\n${then}`, 'phase'], {
    env: {
      PATH: path,
      T: temporary,
      JOBSHIM_PORTAGE: '1',
      EBUILD_PHASE: 'compile',
      CATEGORY: 'app-misc',
      PF: 'foo-1',
      MAKEOPTS: makeopts,
      ...env,
    },
  })
  return { ...outcome, temporary }
}

const fifoIn = (temporary: string): string => join(temporary, `jobshim-${process.getuid?.()}`, 'fifo')

function governed({ temporary }: Phase, jobs: number, load = ''): Outcome {
  const fifo = fifoIn(temporary)
  return {
    status: 0,
    signal: null,
    stderr: '',
    stdout: [
      `addwrite ${fifo}`,
      `addwrite ${fifo}.ledger`,
      `MAKEFLAGS= -j${jobs} ${load === '' ? '' : `-l${load} `}--jobserver-auth=fifo:${fifo}`,
      `JOBSHIM_JOBSERVER=fifo:${fifo}`,
      'shims first: yes',
      `tokens: ${jobs - 1}, others: `,
      '',
    ].join('\n'),
  }
}

const ungoverned = (stderr: string, makeflags = 'unset'): Outcome => ({
  status: 0,
  signal: null,
  stderr,
  stdout: `MAKEFLAGS=${makeflags}\nJOBSHIM_JOBSERVER=unset\nshims first: no\n`,
})

const outcomeOf = ({ status, signal, stdout, stderr }: Phase): Outcome => ({ status, signal, stdout, stderr })

/** Whether the make of this machine takes these words. */
async function isTaken(makeopts: string): Promise<boolean> {
  const directory = makeWorkspace()
  writeFiles(directory, { makefile: 'all:;@:\n' })
  const { status, stderr } = await run('bash', ['-c', `make ${makeopts}`], { cwd: directory })
  if (status !== 0) assert.match(stderr, /integer argument|invalid option/, makeopts)
  return status === 0
}

const taken: readonly (readonly [makeopts: string, jobs: number, load?: string])[] = [
  ['', 1],
  ['-k', 1],
  ['-j', cores],
  ['--jobs', cores],
  ['-j -k', cores],
  ['-j1', 1],
  ['-j3', 3],
  ['-j 3', 3],
  ['-j08', 8],
  ['-j 010', 10],
  ['--jobs=4', 4],
  ['--jobs 4', 4],
  ['-kj4', 4],
  ['-kj 4', 4],
  ['-j2 -j5', 5],
  ['-j5 --jobs=2', 2],
  ['-C . -j3', 3],
  ['  -j3  ', 3],
  ['-j\t3', 3],
  ['-j3 -l7.5', 3, '7.5'],
  ['-l2 -j3 -l', 3],
  ['--load-average=2.25 --jobs=3', 3, '2.25'],
  ['--max-load 3 -j3', 3, '3'],
  ['-j3 -l-1', 3],
]

for (const [makeopts, jobs, load] of taken)
  test(`hook :: MAKEOPTS=${JSON.stringify(makeopts)} :: a pool of ${jobs}, as make takes it`, async () => {
    assert.ok(await isTaken(makeopts))
    const outcome = await phase(makeopts)
    assert.equal(outcomeOf(outcome), governed(outcome, jobs, load))
  })

test('hook :: MAKEOPTS of several lines :: their words count', async () => {
  const outcome = await phase('\n-k\n-j3\n')
  assert.equal(outcomeOf(outcome), governed(outcome, 3))
})

test('hook :: as many jobs as a FIFO holds :: a pool of so many', async () => {
  const outcome = await phase(`-j${ledgerLayout.poolMax}`)
  assert.equal(outcomeOf(outcome), governed(outcome, ledgerLayout.poolMax))
})

const refusal = (makeopts: string): string =>
  `jobshim: MAKEOPTS="${visibleLine(makeopts)}" asks for no number of jobs from 1 to ${ledgerLayout.poolMax}: the build goes on without jobshim\n`

for (const makeopts of [
  '-j0',
  '-j 0',
  '--jobs=0',
  '-j-1',
  '-j8x',
  '-j=4',
  '-kj0',
  '-j4k',
  '-j3 -j0',
  '-j0 -j3',
])
  test(`hook :: MAKEOPTS=${JSON.stringify(makeopts)} :: make refuses it, one line says so, nothing is changed`, async () => {
    assert.not(await isTaken(makeopts))
    assert.equal(outcomeOf(await phase(makeopts)), ungoverned(refusal(makeopts)))
  })

for (const makeopts of [
  `-j${ledgerLayout.poolMax + 1}`,
  '-j65537',
  '-j65538',
  '-j100000',
  '-j4294967297',
  '-j99999999999999999999',
  '--jobs=',
  '-j\x1b]0;x\x07\u202e\\n',
])
  test(`hook :: MAKEOPTS=${JSON.stringify(visibleLine(makeopts))} :: more than there can be, likewise`, async () => {
    const { temporary, ...outcome } = await phase(makeopts, { env: { MAKEFLAGS: 'k' } })
    assert.equal(outcome, ungoverned(refusal(makeopts), 'k'))
    assert.is(statSync(fifoIn(temporary)).isFIFO(), true) // with nobody who has it open
  })

test('hook :: the kernel gives the FIFO less room :: one line says so, and nothing hangs', async () => {
  const bin = makeWorkspace('bin')
  // As good as a FIFO of one page: it is full but for that.
  writeFiles(bin, {
    mkfifo: `#!/bin/bash
PATH=${process.env.PATH}
mkfifo "$@" && exec {fifo}<>"\${@: -1}" && head -c 61440 /dev/zero >&$fifo || exit
sleep 1000 </dev/null >/dev/null 2>&1 &
echo $! >'${bin}/pid'
`,
  })
  chmodSync(join(bin, 'mkfifo'), 0o755)
  const outcome = await phase('-j9000', {
    script: `${script}\nkill "$(<'${bin}/pid')"`,
    env: { PATH: `${bin}:${path}` },
  })
  assert.equal(
    outcomeOf(outcome),
    ungoverned(
      "jobshim: the phase's pool can't be filled (Resource temporarily unavailable): the build goes on without jobshim\n",
    ),
  )
})

test('hook :: no FIFO can be made :: one line says so, nothing is changed', async () => {
  const outcome = await phase('-j3', { env: { T: '/none/\x1b[2J' }, before: 'cd /' })
  assert.match(
    outcome.stderr,
    /ewarn: jobshim: no jobserver can be made in \$T: the build goes on without jobshim\n$/,
  )
  assert.equal(outcome.stdout, ungoverned('').stdout)
})

test('hook :: no shims :: one line says so', async () => {
  const elsewhere = makeWorkspace('\x1b[2J')
  copyFileSync(join(repository, 'portage/hook.bash'), join(elsewhere, 'hook.bash'))
  const outcome = await phase('-j3', {
    before: `ewarn() { echo -e "ewarn: $*" >&2; }\nsource '${elsewhere}/hook.bash'\nunset JOBSHIM_PORTAGE`,
  })
  assert.equal(
    outcomeOf(outcome),
    ungoverned('ewarn: jobshim: no shims beside its hook: run jobshim portage install\n'),
  )
})

test('hook :: where the phase stands, and where it stood before :: as without', async () => {
  const places = 'echo "$PWD $(pwd -P) $OLDPWD"'
  const { stdout, temporary } = await phase('-j3', {
    before: `mkdir "$T/a" "$T/b"; ln -s b "$T/link"; cd "$T/a"; cd "$T/link"; ${places}`,
    script: places,
  })
  const lines = stdout.split('\n').filter(line => !line.startsWith('addwrite'))
  assert.equal(lines, [...Array(2).fill(`${temporary}/link ${temporary}/b ${temporary}/a`), ''])
})

/** What somebody left in $T, and what stands in for a program that meets it at the worst moment. */
const traps: readonly {
  name: string
  before?: string
  program?: 'mkdir' | 'mkfifo'
  trap?: string
  makes: boolean
}[] = [
  { name: 'a link to a directory', before: 'ln -s "$VICTIM" "$T/jobshim-$EUID"', makes: true },
  { name: 'a link to a file', before: 'ln -s "$VICTIM/fifo" "$T/jobshim-$EUID"', makes: true },
  { name: "another user's directory", before: 'mkdir -p "$T/jobshim-$EUID/fifo/a"', makes: true },
  {
    name: 'a link in place of the new directory',
    program: 'mkdir',
    trap: 'rmdir "$T/jobshim-$EUID"; ln -s "$VICTIM" "$T/jobshim-$EUID"',
    makes: false,
  },
  {
    name: 'a link in place of the new FIFO',
    program: 'mkfifo',
    trap: 'mv "$T"/jobshim* "$T/moved"; ln -s "$VICTIM" "$T/jobshim-$EUID"; ln -s "$VICTIM/fifo" "$T/jobshim-fifo"',
    makes: true,
  },
]

for (const { name, before = '', program, trap = '', makes } of traps)
  test(`hook :: ${name} :: what it leads to is not touched`, async () => {
    const victim = makeWorkspace('victim')
    const bin = makeWorkspace('bin')
    writeFiles(victim, { fifo: 'mine\n' })
    chmodSync(victim, 0o777)
    if (program !== undefined) {
      const line = `#!/bin/bash\nPATH=${process.env.PATH}\n${program} "$@" || exit\n${trap}\n`
      writeFiles(bin, { [program]: line })
      chmodSync(join(bin, program), 0o755)
    }
    const outcome = await phase('-j3', {
      before,
      env: { PATH: `${bin}:${path}`, VICTIM: victim },
    })
    assert.is(readFileSync(join(victim, 'fifo'), 'utf8'), 'mine\n')
    assert.equal(statSync(victim).mode & 0o777, 0o777)
    if (makes) assert.match(outcome.stdout, /^tokens: 2, others: $/m)
    else
      assert.equal(
        outcomeOf(outcome),
        ungoverned('ewarn: jobshim: no jobserver can be made in $T: the build goes on without jobshim\n'),
      )
  })

test('hook :: sourced twice :: one pool', async () => {
  const outcome = await phase('-j3', { script: `source '${root}/lib/portage-hook.bash'\n${script}` })
  assert.equal(outcomeOf(outcome), governed(outcome, 3))
})

test('hook :: the next phase :: has a pool of its own, whatever Portage kept of the one before', async () => {
  const kept = `declare -p \${!__JOBSHIM_*} MAKEFLAGS JOBSHIM_JOBSERVER >"$T/environment"`
  const { temporary } = await phase('-j3', { script: kept })
  const next = await phase('-j5', { temporary, before: 'source "$T/environment"' })
  assert.equal(outcomeOf(next), governed(next, 5))
})

test("hook :: a tool past the shims whose path is not fit for a terminal :: the log's line is", async () => {
  const weird = join(root, 'odd\x1b]0;x\x07\u202e\nline')
  mkdirSync(weird)
  copyFileSync('/bin/cat', join(weird, 'hold'))
  chmodSync(join(weird, 'hold'), 0o755)
  const temporary = makeWorkspace('T')
  const held = start({
    env: {
      PATH: path,
      T: temporary,
      JOBSHIM_PORTAGE: '1',
      EBUILD_PHASE: 'compile',
      CATEGORY: 'app-misc',
      PF: 'foo-1',
      MAKEOPTS: '-j3',
      WEIRD: weird,
    },
    command: ['bash', '-c', `cd "$T"\n${surroundings}\n"$WEIRD/hold"; :`],
  })
  await until('the tool is told', () => held.output.stdout.includes('went past the shims'))
  const { status, stdout, stderr } = await held.end()
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  assert.is(
    stdout
      .split('\n')
      .filter(line => !line.startsWith('addwrite'))
      .join('\n'),
    `jobshim: ${visibleLine(join(weird, 'hold'))} went past the shims: called by its path, by bash\n`,
  )
})

test.after(killStarted)
test.run()
