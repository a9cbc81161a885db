import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openTokenCounter } from '../../src/jobserver/token-counter.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace } from '../support/workspace.js'

const directory = makeWorkspace()
const shims = await installShims(join(directory, 'shims'), { args: ['--tools', 'cat'] })
const launcher = join(shims, '.jobshim/launcher')

test('token counter :: counts each time, and takes nothing', async () => {
  const pool = makeFifo(directory, '+++', 'three')
  const counter = openTokenCounter(launcher, join(directory, 'three'))
  assert.equal([await counter.count(), await counter.count()], [3, 3])
  const two = makeFifo(directory, '++', 'two')
  const other = openTokenCounter(launcher, join(directory, 'two'))
  assert.equal([await other.count(), await counter.count()], [2, 3])
  assert.equal([pool.count(), two.count()], ['+++', '++'])
  for (const { close } of [pool, two, counter, other]) close()
})

test('token counter :: nothing once it is closed, nor where there is no FIFO or no launcher', async () => {
  const pool = makeFifo(directory, '+')
  const counter = openTokenCounter(launcher, join(directory, 'fifo'))
  assert.is(await counter.count(), 1)
  const pending = counter.count()
  counter.close()
  assert.ok([1, undefined].includes(await pending))
  const gone = openTokenCounter(launcher, join(directory, 'nowhere'))
  const never = openTokenCounter(join(directory, 'nowhere'), join(directory, 'fifo'))
  assert.equal(
    [await counter.count(), await gone.count(), await never.count()],
    [undefined, undefined, undefined],
  )
  pool.close()
})

test.run()
