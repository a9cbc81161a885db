import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadCommands } from '../../src/commands/command-table.js'
import { renderJsonPage } from '../../src/commands/json-page.js'
import { renderManPage } from '../../src/commands/man-page.js'
import { journalRows, shapeRows } from '../../src/commands/shapes.js'
import { renderJsonSchema } from '../../src/config/schema.js'
import { renderContract } from '../../src/contract/header.js'
import { renderMessagePage } from '../../src/message-page.js'
import { readMessages } from '../../src/messages.js'
import { repository } from '../support/workspace.js'

const committed = (path: string): string => readFileSync(join(repository, path), 'utf8')

test('contract :: shims/contract.h is what npm run generate writes', () => {
  assert.is(committed('shims/contract.h'), renderContract())
})

test('contract :: config.schema.json is what npm run generate writes', () => {
  assert.is(committed('config.schema.json'), renderJsonSchema())
})

test('contract :: docs/json.md is what npm run generate writes', () => {
  assert.is(committed('docs/json.md'), renderJsonPage(shapeRows, journalRows))
})

test('contract :: docs/jobshim.1 is what npm run generate writes', async () => {
  assert.is(committed('docs/jobshim.1'), renderManPage(await loadCommands()))
})

test('contract :: docs/messages.md is what npm run generate writes', () => {
  assert.is(committed('docs/messages.md'), renderMessagePage(readMessages(repository)))
})

test.run()
