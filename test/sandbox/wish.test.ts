import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { jobshim, run } from '../support/jobshim.js'
import { test } from '../support/test-with.js'
import { repository } from '../support/workspace.js'
import { makeSandboxPlace, peakOf, type SandboxPlace } from './place.js'

/** Runs four tools by their paths at -j1 with this config, flags and environment. */
async function outcomeOf(
  place: SandboxPlace,
  {
    config = {},
    flags = [],
    env = {},
  }: { config?: object; flags?: readonly string[]; env?: Record<string, string> },
) {
  const file = join(place.root, 'config.json')
  writeFileSync(file, JSON.stringify(config))
  const script = `for n in 1 2 3 4; do ${place.tool} -c 100 -o "$PWD/out/$n" & done; wait`
  const words = [
    'run',
    ...flags,
    '--json',
    '--config',
    file,
    '--dir',
    place.shims,
    '-j1',
    '--',
    'sh',
    '-c',
    script,
  ]
  return await jobshim(words, { cwd: place.root, env: { ...place.env, ...env } })
}

/** flag > environment > config */
for (const [title, wishes, isSandboxed] of [
  ['nothing is said', {}, false],
  ['the config says so', { config: { sandbox: true } }, true],
  ['the config says auto', { config: { sandbox: 'auto' } }, true],
  ['JOBSHIM_SANDBOX=1', { env: { JOBSHIM_SANDBOX: '1' } }, true],
  ['JOBSHIM_SANDBOX=auto', { env: { JOBSHIM_SANDBOX: 'auto' } }, true],
  ['JOBSHIM_SANDBOX=0 over the config', { config: { sandbox: true }, env: { JOBSHIM_SANDBOX: '0' } }, false],
  ['--sandbox over the environment', { flags: ['--sandbox'], env: { JOBSHIM_SANDBOX: '0' } }, true],
  [
    '--no-sandbox over all',
    { flags: ['--no-sandbox'], config: { sandbox: true }, env: { JOBSHIM_SANDBOX: '1' } },
    false,
  ],
] as const)
  test(`sandbox :: wish :: ${title}`, async () => {
    const place = await makeSandboxPlace()
    const { status, stderr } = await outcomeOf(place, wishes)
    assert.is(status, 0, stderr)
    assert.is(peakOf(place).peak === 1, isSandboxed, stderr)
  })

test('sandbox :: wish :: JOBSHIM_SANDBOX with another value is an error', async () => {
  const place = await makeSandboxPlace()
  const { status, stderr } = await outcomeOf(place, { env: { JOBSHIM_SANDBOX: 'maybe' } })
  assert.is(status, 125)
  assert.is(
    stderr,
    'jobshim: JOBSHIM_SANDBOX=maybe: expected 1, 0 or auto\n  set it to one of these, or unset it\n',
  )
})

/** Runs it below a program that has the one listener that there may be. */
async function below(
  place: SandboxPlace,
  mode: string,
  flag: readonly string[],
  env: Record<string, string>,
) {
  const program = join(place.root, 'foreign-listener')
  buildProgram(program, ['foreign-listener.c'])
  return await run(
    program,
    [
      ...[mode, process.execPath, join(repository, 'bin/jobshim.js'), 'run'],
      ...[...flag, '-q', '--no-config', '--dir', place.shims, '-j1', '--', 'sh', '-c', 'echo ran'],
    ],
    { cwd: place.root, env: { ...place.env, ...env } },
  )
}

const why = 'a program above has a seccomp listener, and there can be one only'

for (const [mode, title] of [
  ['plain', 'the kernel does what it is told of'],
  ['wrong', 'it answers with a number'],
  ['silent', 'it never answers'],
] as const) {
  test(`sandbox :: wish :: below another program's listener :: ${title} :: --sandbox refuses`, async () => {
    const place = await makeSandboxPlace()
    const refused = await below(place, mode, ['--sandbox'], {})
    assert.equal(
      [refused.status, refused.stdout, refused.stderr],
      [
        125,
        '',
        `jobshim: no job sandbox here: ${why}\n  run the build without --sandbox: then a tool takes a slot if it is looked up on PATH\n`,
      ],
    )
  })

  test(`sandbox :: wish :: below another program's listener :: ${title} :: auto goes on with shims`, async () => {
    const place = await makeSandboxPlace()
    const { status, stdout, stderr } = await below(place, mode, [], { JOBSHIM_SANDBOX: 'auto' })
    assert.equal(
      [status, stdout, stderr],
      [0, 'ran\n', `jobshim: no job sandbox here: ${why}: a tool takes a slot if it is looked up on PATH\n`],
    )
  })
}

test.run()
