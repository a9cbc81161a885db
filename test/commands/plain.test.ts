import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { commandTable } from '../../src/commands/command-table.js'
import { type Outcome, run } from '../support/jobshim.js'
import { callBare } from '../support/transparent-calls.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { makeYard, type Yard } from '../yard/yard.js'

type Places = Pick<Yard, 'shims' | 'root'> & { pool: Pick<Yard['pool'], 'auth'> }

/** Lines of a shell that call each command so that it prints something, also of names that are not fit for a terminal. */
const calls = ({ shims, root, pool }: Places, system: string): readonly string[] => {
  const other = `--no-config --dir ${root}/other`
  const there = `--no-config --dir ${shims}`
  return [
    'jobshim --help',
    'jobshim --version',
    `jobshim install --tools gcc ${other}`,
    `jobshim install --tools gcc ${other}`,
    `jobshim install --tools gcc --no-config --dir "${root}/$red"`,
    `jobshim config ${there}`,
    `jobshim list ${other}`,
    `jobshim list --costs ${there}`,
    `jobshim doctor ${there}`,
    `jobshim env ${there}`,
    `: >"${root}/other/$red"; jobshim uninstall ${other}`,
    `jobshim run ${there} --journal ${root}/journal -j2 -- hold </dev/null`,
    `jobshim timeline ${root}/journal -o ${root}/picture.svg`,
    `jobshim exec ${there} -- hold </dev/null`,
    `jobshim status ${there} --jobserver ${pool.auth}`,
    `jobshim serve --no-config --fifo ${root}/nobody --resize 2`,
    `jobshim portage install --no-config --root ${system}`,
    `jobshim portage enable --root ${system} dev-qt/qtbase`,
    `jobshim portage enable --root ${system} "$red"`,
    `jobshim portage list --root ${system}`,
    `jobshim portage disable --root ${system} dev-qt/qtbase`,
    `jobshim portage uninstall --root ${system}`,
    'jobshim setup --print --shell bash',
    'jobshim completion bash',
    'jobshim off || true',
    'jobshim on || true',
    'jobshim "$red"',
    'jobshim list "$red" --frobnicate',
    'jobshim run --help',
  ]
}

/** What one function makes of all commands' help asks for no terminal. */
const helps = commandTable.map(({ name }) => `jobshim ${name} --help`)

type Scene = { yard: Yard; programs: readonly string[] }

const atOnce = 8 // calls: a conversation with a terminal is bounded

/** Programs that make these calls, to be run one after the other. `before` is what their shell does first. */
async function makeScene(before: string, more: readonly string[] = []): Promise<Scene> {
  const yard = await makeYard('A')
  const bin = makeWorkspace('bin')
  const system = makeWorkspace('system')
  mkdirSync(join(system, 'etc/portage'), { recursive: true })
  const lines = [...calls(yard, system), ...more].map(line => `echo '== ${line}'\n${line}`)
  const jobshim = `jobshim() { '${process.execPath}' '${join(repository, 'bin/jobshim.js')}' "$@"; }`
  const path = `export PATH='${yard.env.PATH}'`
  const head = ['#!/bin/sh', 'unset FORCE_COLOR', path, before, `red=$(printf '\\033[31mred')`, jobshim]
  const programs = Array.from({ length: Math.ceil(lines.length / atOnce) }, (_, index) => {
    const some = lines.slice(index * atOnce, (index + 1) * atOnce)
    writeFiles(bin, { [`calls-${index}`]: [...head, ...some, "echo '== end'", ''].join('\n') })
    return join(bin, `calls-${index}`)
  })
  return { yard, programs }
}

const controls = /[^\P{Cc}\n]/u

/** The calls whose output has a control character. */
const culprits = (output: string): string[] =>
  output
    .replaceAll('\r\n', '\n') // a terminal's end of line
    .split(/^(?=== )/m)
    .filter(part => controls.test(part))
    .map(part => JSON.stringify(part))

async function onTerminal({ yard, programs }: Scene, terminal: string): Promise<string> {
  let screens = ''
  for (const program of programs) {
    const { status, stdout } = await callBare('caller', {
      setup: ['terminal'],
      tool: [program],
      dialog: ['expect == end'],
      env: { HOME: yard.root, XDG_RUNTIME_DIR: yard.runtime, TERM: terminal },
    })
    assert.is(status, 0, stdout)
    assert.match(stdout, /^status 0$/m)
    screens += stdout
  }
  return screens
}

test('plain :: every command is called', () => {
  const lines = calls({ shims: '', root: '', pool: { auth: '' } }, '')
  const isCalled = (name: string) =>
    lines.some(line => line.includes(`jobshim ${name} `) && !line.endsWith('--help'))
  for (const { name } of commandTable) assert.ok(isCalled(name), name)
})

test('plain :: without a terminal :: no control characters', async () => {
  const { yard, programs } = await makeScene('unset NO_COLOR CI; export TERM=xterm-256color', helps)
  const env = { HOME: yard.root, XDG_RUNTIME_DIR: yard.runtime }
  const outcomes: Outcome[] = []
  for (const program of programs) outcomes.push(await run(program, [], { cwd: yard.root, env }))
  for (const { status, stdout, stderr } of outcomes) {
    assert.is(status, 0, stderr)
    assert.match(stdout, /^== end$/m)
    assert.equal([...culprits(stdout), ...culprits(stderr)], [])
  }
  const said = (stream: 'stdout' | 'stderr') => outcomes.map(outcome => outcome[stream]).join('')
  assert.match(said('stderr'), /unknown command '\\x1b\[31mred'/)
  assert.equal(said('stdout').match(/^held \d+$/gm)?.length, 2) // by run and by exec
  assert.match(said('stdout'), /left alone, not ours: .*\\x1b\[31mred$/m)
})

/** Whether it has a sequence that sets colours, or the like. */
const isColoured = (screen: string): boolean =>
  screen.split('\x1b').some((part, index) => index > 0 && /^\[[\d;:]*m/.test(part))

test('plain :: on a terminal, NO_COLOR :: no colour, and nothing is drawn but by run', async () => {
  const scene = await makeScene('unset CI; export NO_COLOR=1')
  const screen = await onTerminal(scene, 'xterm-256color')
  assert.not(isColoured(screen))
  assert.ok(isColoured('a\x1b[1;31mb'))
  assert.equal(
    culprits(screen).filter(part => !part.startsWith('"== jobshim run ')),
    [],
  )
})

test('plain :: on a terminal that knows lines only :: no control characters', async () => {
  const scene = await makeScene('unset NO_COLOR CI')
  assert.equal(culprits(await onTerminal(scene, 'dumb')), [])
})

test('plain :: status --watch on a terminal that knows lines only :: pictures below each other, until q', async () => {
  const yard = await makeYard('AB')
  const bin = makeWorkspace('bin')
  const line = [process.execPath, join(repository, 'bin/jobshim.js'), 'status', '--watch', '--no-config']
  const options = ['--dir', yard.shims, '--jobserver', yard.pool.auth]
  writeFiles(bin, {
    watch: `#!/bin/sh\nunset NO_COLOR FORCE_COLOR\nexec ${[...line, ...options].join(' ')}\n`,
  })
  const tool = start({ env: yard.governed })
  await tool.tools
  const { status, stdout } = await callBare('caller', {
    behind: bin,
    setup: ['terminal'],
    tool: ['watch'],
    dialog: ['expect runs  ', 'expect runs  ', 'send q'],
    env: { HOME: yard.root, XDG_RUNTIME_DIR: yard.runtime, TERM: 'dumb' },
  })
  assert.is(status, 0, stdout)
  assert.match(stdout, /^status 0$/m)
  assert.equal(culprits(stdout), [])
  assert.match(stdout.replaceAll('\r\n', '\n'), /^ {2}hold .*\n\n\//m)
  await tool.end()
})

test.after(killStarted)
test.run()
