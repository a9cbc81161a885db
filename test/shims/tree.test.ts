import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildWithLauncher } from '../support/built.js'
import { makeWorkspace } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'

const asker = join(makeWorkspace(), 'tree')
buildWithLauncher(asker, 'support/tree.c')

/** The number of processes that a walk finds below one that says `ready`, with few descriptors and little stack. */
async function walk(script: string): Promise<number> {
  const root = start({ command: ['sh', '-c', script], wanted: 0 })
  await new Promise<void>(resolve =>
    root.child.stdout?.on('data', () => root.output.stdout.includes('ready') && resolve()),
  )
  const limits = `ulimit -n 16; ulimit -s 256; exec "$0" ${root.pid}`
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
