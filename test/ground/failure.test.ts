import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure, renderFailure, systemErrorCode } from '../../src/ground/failure.js'

test('failure :: two lines: what and where, then what to do', () => {
  assert.is(
    renderFailure(new Failure('gcc: not found on PATH', 'install it')),
    'jobshim: gcc: not found on PATH\n  install it',
  )
})

test('failure :: exits 1 unless told otherwise', () => {
  assert.is(new Failure('x', 'y').code, 1)
  assert.is(new Failure('x', 'y', 2).code, 2)
})

test('failure :: system error code :: only of system errors', () => {
  assert.is(systemErrorCode(Object.assign(new Error('x'), { code: 'ENOENT' })), 'ENOENT')
  assert.is(systemErrorCode(Object.assign(new Error('x'), { code: 7 })), undefined)
  assert.is(systemErrorCode({ code: 'ENOENT' }), undefined)
})

test.run()
