import { existsSync, mkdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeBench } from './fake-tools.js'

const future = new Date('2100-01-01')

for (const [command, says] of [
  ['install', 'nothing changed: 1 shim in'],
  ['uninstall', 'removed 1 shim from'],
] as const)
  test(`lock :: dated in the future, its owner killed :: ${command} does not wait for that day`, async () => {
    const { call, install, dir } = makeBench(['cc'])
    await install()
    const lock = join(dir, '.jobshim.lock')
    mkdirSync(lock)
    utimesSync(lock, future, future)
    assert.equal(await call(command), { status: 0, signal: null, stdout: `${says} ${dir}\n`, stderr: '' })
    assert.not(existsSync(lock))
  })

test.run()
