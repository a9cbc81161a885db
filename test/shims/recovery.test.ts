import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildWithLauncher } from '../support/built.js'
import { makeWorkspace } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'

const asker = join(makeWorkspace(), 'recovery')
buildWithLauncher(asker, 'recovery.c')

/** What one look said; `free` is -1 where tokens moved meanwhile. */
type Look = { free: number; held: number; written?: number; blind?: true }

const words = ({ free, held, written = 1, blind }: Look): string[] =>
  [written, free, held, blind ? 1 : 0].map(String)

const cases: readonly [name: string, total: number, first: Look, second: Look, lost: number][] = [
  ['all free', 4, { free: 4, held: 0 }, { free: 4, held: 0 }, 0],
  ['all held', 4, { free: 0, held: 4 }, { free: 0, held: 4 }, 0],
  ['more may be held than there are', 4, { free: 0, held: 9 }, { free: 0, held: 9 }, 0],
  ['one lost', 4, { free: 0, held: 3 }, { free: 0, held: 3 }, 1],
  ['one lost of an idle pool', 4, { free: 3, held: 0 }, { free: 3, held: 0 }, 1],
  ['all lost', 4, { free: 0, held: 0 }, { free: 0, held: 0 }, 4],
  ['the first look saw more holders', 4, { free: 0, held: 4 }, { free: 0, held: 3 }, 0],
  ['the second look saw more holders', 4, { free: 0, held: 3 }, { free: 0, held: 4 }, 0],
  ['one was given back between them', 4, { free: 0, held: 3 }, { free: 0, held: 3, written: 2 }, 0],
  ['one was taken between them', 4, { free: 1, held: 2 }, { free: 0, held: 2 }, 0],
  ['tokens moved during the first look', 4, { free: -1, held: 0 }, { free: 0, held: 0 }, 0],
  ['tokens moved during both', 4, { free: -1, held: 0 }, { free: -1, held: 0 }, 0],
  ['the first look was blind', 4, { free: 0, held: 0, blind: true }, { free: 0, held: 0 }, 0],
  ['the second look was blind', 4, { free: 0, held: 0 }, { free: 0, held: 0, blind: true }, 0],
]

for (const [name, total, first, second, lost] of cases)
  test(`recovery :: lost tokens :: ${name}`, () => {
    const { status, stdout } = spawnSync(asker, ['lost', String(total), ...words(first), ...words(second)], {
      encoding: 'utf8',
    })
    assert.equal({ status, stdout }, { status: 0, stdout: `${lost}\n` })
  })

/** The number of processes that a walk finds below one that says `ready`, with few descriptors and little stack. */
async function walk(script: string): Promise<number> {
  const root = start({ command: ['sh', '-c', script], wanted: 0 })
  await new Promise<void>(resolve =>
    root.child.stdout?.on('data', () => root.output.stdout.includes('ready') && resolve()),
  )
  const limits = `ulimit -n 16; ulimit -s 256; exec "$0" tree ${root.pid}`
  const { status, stdout, stderr } = spawnSync('sh', ['-c', limits, asker], { encoding: 'utf8' })
  process.kill(-root.pid, 'SIGKILL')
  await root.ended
  assert.equal({ status, stderr }, { status: 0, stderr: '' })
  return Number(stdout)
}

test('tree :: 1,200 children are all seen, by more than one read', async () => {
  assert.is(
    await walk('i=0; while [ $i -lt 1200 ]; do sleep 1000 & i=$((i + 1)); done; echo ready; wait'),
    1201,
  )
})

test('tree :: 300 levels, with 16 descriptors and a stack of 256 KB', async () => {
  const level = 'n=$1; [ $n = 0 ] && { echo ready; exec sleep 1000; }; sh -c "$0" "$0" $((n - 1)); :'
  assert.is(await walk(`sh -c '${level}' '${level}' 299; :`), 301)
})

test.after.each(killStarted)

test.run()
