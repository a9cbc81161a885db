import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { summaryJson } from '../../src/build/summary.js'
import { commandTable } from '../../src/commands/command-table.js'
import { fieldsOf } from '../../src/commands/json-page.js'
import { journalRows, shapeRows } from '../../src/commands/shapes.js'
import { costsLayout } from '../../src/contract/costs-layout.js'
import { makeBench } from '../support/fake-tools.js'
import { jobshim, type Outcome } from '../support/jobshim.js'
import { began, buildOf, end, journalOf, start as journalStart, phase, tool } from '../support/journals.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { makeMachineYard } from '../yard/machine.js'
import { jobshimRun, runLine } from '../yard/runs.js'
import { endServer, serve } from '../yard/served.js'
import { makeYard, type Yard } from '../yard/yard.js'

function stdoutOf({ status, stdout, stderr }: Outcome): string {
  assert.equal([status, stderr], [0, ''])
  return stdout
}

async function makeSystem() {
  const root = makeWorkspace()
  mkdirSync(join(root, 'etc/portage'), { recursive: true })
  return async (verb: string, ...packages: string[]) =>
    stdoutOf(await jobshim(['portage', verb, '--root', root, ...packages, '--json'], { cwd: root }))
}

const statusOf = async (yard: Yard): Promise<string> =>
  stdoutOf(
    await jobshim(['status', '--json', '--no-config', '--dir', yard.shims, '--jobserver', yard.pool.auth], {
      env: { ...yard.env, HOME: yard.root },
    }),
  )

/** A build that calls a tool by its path: what status prints of it once that was seen, and its summary. */
async function pastTheShims(): Promise<{ status: string; summary: string }> {
  const yard = await makeYard('')
  const env = { ...yard.env, HOME: yard.root }
  const script = `exec 9<&0; ${yard.root}/bin/hold <&9 & hold <&9; wait`
  const held = start({
    env,
    command: runLine(yard, '-j2', '--json', '--no-config', '--', 'sh', '-c', script),
    wanted: 2,
  })
  await held.tools
  for (let look = 0; look < 100; look++) {
    const status = await jobshim(['status', '--json', '--no-config', '--dir', yard.shims], { env })
    if ((JSON.parse(stdoutOf(status)) as { past: unknown[] }).past.length === 0) continue
    return { status: status.stdout, summary: (await held.end()).stderr }
  }
  throw new Error('what went past the shims is not seen')
}

/** A make that its adapter started, with a tool that has no launcher. */
async function ofMake(): Promise<string> {
  const yard = await makeMachineYard(2, { tools: ['make'], files: { Makefile: 'all:\n\thold\n' } })
  const env = { ...yard.env, HOME: yard.root }
  const held = start({ env, command: ['make', '-C', yard.root, '-j2'] })
  await held.tools
  const seen = await jobshim(['status', '--json', '--no-config', '--dir', yard.shims], { env })
  assert.is((await held.end()).status, 2) // hold exits 7
  return stdoutOf(seen)
}

let _past: ReturnType<typeof pastTheShims> | undefined

const past = () => {
  _past ??= pastTheShims()
  return _past
}

/** What each row's commands print, in the situations that together show all its fields. */
const outputs: Readonly<Record<string, () => Promise<string[]>>> = {
  'jobshim config --json': async () => {
    const root = makeWorkspace()
    writeFiles(root, { '.jobshimrc': 'jobs: 3\n' })
    const around = { cwd: root, env: { HOME: root, JOBSHIM_PATIENCE: '7' } }
    return [stdoutOf(await jobshim(['config', '--json', '--dir', 'shims'], around))]
  },
  'jobshim doctor --json': async () => {
    const root = makeWorkspace()
    writeFiles(root, { '.jobshimrc': 'patience: -1\n' })
    const outcome = await jobshim(['doctor', '--json'], { cwd: root, env: { HOME: root } })
    assert.equal([outcome.status, outcome.stderr], [1, ''])
    const dir = join(root, 'shims')
    const fixed = await jobshim(['doctor', '--json', '--fix', '--no-config', '--dir', dir], {
      cwd: root,
      env: { HOME: root },
    })
    assert.is(fixed.stderr, '')
    return [outcome.stdout, fixed.stdout]
  },
  'jobshim env --json': async () => {
    const { call, install } = makeBench(['cc'])
    await install()
    return [stdoutOf(await call('env', '--json'))]
  },
  'jobshim env --unset --json': async () => {
    const { call, install } = makeBench(['cc'])
    await install()
    return [stdoutOf(await call('env', '--unset', '--json'))]
  },
  'jobshim install --json': async () => {
    const { call } = makeBench(['cc', 'ld'])
    return [stdoutOf(await call('install', '--json')), stdoutOf(await call('install', '--json'))]
  },
  'jobshim list --json': async () => {
    const { call, install, dir, root, path } = makeBench(['cc', 'gcc', 'yasm', 'ccache'])
    await install('--tools', 'gcc,yasm')
    mkdirSync(join(root, 'links'))
    symlinkSync('../tools/ccache', join(root, 'links/gcc'))
    const behind = await jobshim(['list', '--json', '--dir', dir], {
      cwd: root,
      env: { HOME: root, PATH: `${join(root, 'links')}:${dir}:${path}` },
    })
    writeFileSync(join(path, 'ccache'), '')
    const gone = await jobshim(['list', '--json', '--dir', dir], {
      cwd: root,
      env: { HOME: root, PATH: '/' },
    })
    return [stdoutOf(await call('list', '--json')), behind.stdout, stdoutOf(gone)]
  },
  'jobshim list --costs --json': async () => {
    const { call, install, dir } = makeBench(['cc'])
    await install()
    const counted = Buffer.alloc(costsLayout.fileBytes)
    counted.writeUInt32LE(1)
    writeFileSync(join(dir, '.jobshim/costs/cc'), counted)
    writeFileSync(join(dir, '.jobshim/costs/ld'), 'short')
    return [stdoutOf(await call('list', '--costs', '--json'))]
  },
  'jobshim portage install --json': async () => {
    const portage = await makeSystem()
    return [await portage('install'), await portage('install')]
  },
  'jobshim portage enable --json CAT/PKG, jobshim portage disable --json CAT/PKG, jobshim portage uninstall --json':
    async () => {
      const portage = await makeSystem()
      await portage('install')
      return [
        await portage('enable', 'dev-qt/qtbase', 'dev-qt/qtsvg'),
        await portage('enable', '--sandbox', 'dev-qt/qtsvg'),
        await portage('disable', 'dev-qt/qtbase'),
        await portage('uninstall'),
        await portage('uninstall'),
      ]
    },
  'jobshim portage list --json': async () => {
    const portage = await makeSystem()
    await portage('install')
    await portage('enable', 'dev-qt/qtbase')
    return [await portage('list')]
  },
  'jobshim run --json -- CMD': async () => {
    const yard = await makeYard('')
    const steal = `head -c 1 "\${JOBSHIM_JOBSERVER#fifo:}" >/dev/null`
    const runs = ['hold; exit 0', steal].map(script =>
      jobshimRun(yard, ['-j2', '--json', '--no-config', '--', 'sh', '-c', script]),
    )
    const others = { jobs: 2, settlement: undefined, toolUse: undefined, bypasses: [] }
    // Of others' programs: takes root without its rights, see sandbox/unseen.
    const unknown = `${summaryJson({ ...others, dismissed: 2, unknown: { count: 1, first: 'gcc' } })}\n`
    return [...(await Promise.all(runs)).map(({ stderr }) => stderr), (await past()).summary, unknown]
  },
  'jobshim serve --fifo PATH --json': async () => {
    const served = await serve(2, { args: ['--json'] })
    await endServer(served)
    return [served.server.output.stdout]
  },
  'jobshim serve --fifo PATH --resize N --json': async () => {
    const served = await serve(2)
    const words = ['serve', '--no-config', '--fifo', served.fifo, '--resize', '3', '--json']
    const resized = await jobshim(words, { env: { HOME: served.yard.root } })
    await endServer(served)
    return [stdoutOf(resized)]
  },
  'jobshim setup --json': async () => {
    const home = makeWorkspace()
    const env = { HOME: home, SHELL: '/bin/bash', XDG_DATA_HOME: undefined, XDG_CONFIG_HOME: undefined }
    const setup = async (...words: string[]) =>
      stdoutOf(await jobshim(['setup', ...words, '--json'], { cwd: home, env }))
    return [await setup('--print'), await setup('--yes'), await setup('--undo'), await setup('--undo')]
  },
  'jobshim status --json': async () => {
    const yard = await makeYard('A')
    const before = await statusOf(yard)
    const low = { ...yard.governed, JOBSHIM_PRIORITY: 'low' }
    const held = [start({ env: yard.governed }), start({ env: low })]
    for (const one of held) await one.tools
    const meanwhile = await statusOf(yard)
    const made = await ofMake()
    for (const one of held) await one.end()
    const served = await serve(2)
    const central = await jobshim(['status', '--json', '--no-config', '--dir', served.yard.shims], {
      env: { ...served.yard.env, HOME: served.yard.root },
    })
    await endServer(served)
    return [before, meanwhile, made, stdoutOf(central), (await past()).status]
  },
  'jobshim timeline FILE --json': async () => {
    const cwd = makeWorkspace()
    const built = buildOf({ runs: 20, jobs: 2 })
    writeFiles(cwd, {
      'b.jsonl': journalOf([
        journalStart({ jobs: 2 }),
        ...built.slice(1, -1),
        phase({ at: began + 50, command: './configure', ranSeconds: 9 }),
        end({ at: began + 60 }),
      ]),
    })
    const words = ['timeline', 'b.jsonl', '--json', '-o']
    const [one, all] = [
      await jobshim([...words, 'b.svg'], { cwd }),
      await jobshim([...words, 'b.json', '--all'], { cwd }),
    ]
    return [stdoutOf(one), stdoutOf(all)]
  },
  'jobshim timeline --compare FILE NOW --json': async () => {
    const cwd = makeWorkspace()
    writeFiles(cwd, {
      'a.jsonl': journalOf([journalStart(), tool(), tool({ file: 'old.c' }), end()]),
      'b.jsonl': journalOf([journalStart(), tool({ ranSeconds: 2 }), tool({ file: 'new.c' }), end()]),
    })
    return [stdoutOf(await jobshim(['timeline', '--compare', 'a.jsonl', 'b.jsonl', '--json'], { cwd }))]
  },
  'jobshim uninstall --json': async () => {
    const { call, install, dir } = makeBench(['cc'])
    await install()
    writeFileSync(join(dir, 'notes'), 'mine')
    return [stdoutOf(await call('uninstall', '--json')), stdoutOf(await call('uninstall', '--json'))]
  },
}

/** Fields that no call here shows, and what does. */
const elsewhere: Readonly<Record<string, string>> = {
  'past[].file': 'run-bypass.test.ts, where CMake has written one',
  removed: 'run-removed.test.ts, where a pool is removed',
}

/** The paths of all fields of a value, as docs/json.md has them: `rows[].pid`. */
function pathsIn(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap(item => pathsIn(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, field]) => {
    const own = path === '' ? name : `${path}.${name}`
    return [own, ...pathsIn(field, own)]
  })
}

for (const { words, schema } of shapeRows)
  test(`json :: ${words} :: prints what docs/json.md says`, async () => {
    const lines = (await outputs[words]?.()) ?? []
    assert.ok(lines.length > 0, 'has no call here')
    const shown = new Set<string>()
    for (const line of lines) {
      assert.match(line, /^\{"jobshim":1,.*\}\n$/)
      const shape: unknown = JSON.parse(line)
      const { success, error } = schema.safeParse(shape)
      assert.ok(success, `${line}${error?.message}`)
      for (const path of pathsIn(shape)) shown.add(path)
    }
    const missing = fieldsOf(schema).filter(({ path }) => !shown.has(path) && !(path in elsewhere))
    assert.equal(missing, [])
  })

/** Those that print nothing a program would read, and why. */
const without: Readonly<Record<string, string>> = {
  completion: 'prints a script for a shell',
  exec: 'prints nothing; stdout and stderr are those of its tool',
  off: 'prints nothing',
  on: 'prints nothing',
}

test('json :: every command has --json and its shapes, but for those that print nothing to read', async () => {
  for (const row of commandTable) {
    const { options } = await row.load()
    const hasShape = shapeRows.some(({ commands }) => commands.includes(row.name))
    const hasOption = options.some(({ name }) => name === 'json')
    const isWithout = row.name in without
    assert.equal([row.name, hasOption, hasShape], [row.name, !isWithout, !isWithout])
  }
})

test('json :: every field of every shape has a text', () => {
  for (const { words, schema } of [...shapeRows, ...journalRows])
    for (const { path, text, type } of fieldsOf(schema))
      assert.ok(text !== '' && type !== '', `${words}: ${path}`)
})

test.after(killStarted)
test.run()
