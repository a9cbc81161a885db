import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderJsonSchema } from '../../src/config/schema.js'
import { renderContract } from '../../src/toolchain/contract.js'
import { repository } from '../support/workspace.js'

const committed = (path: string): string => readFileSync(join(repository, path), 'utf8')

test('contract :: shims/contract.h is what npm run generate writes', () => {
  assert.is(committed('shims/contract.h'), renderContract())
})

test('contract :: config.schema.json is what npm run generate writes', () => {
  assert.is(committed('config.schema.json'), renderJsonSchema())
})

test.run()
