/** Writes the generated files: the contract, the config's schema, and what is read of us. Run by `npm run generate`. */
import { writeFileSync } from 'node:fs'
import { loadCommands } from './commands/command-table.js'
import { renderJsonPage } from './commands/json-page.js'
import { renderManPage } from './commands/man-page.js'
import { journalRows, shapeRows } from './commands/shapes.js'
import { renderJsonSchema } from './config/schema.js'
import { renderContract } from './contract/header.js'
import { packageRoot } from './ground/paths.js'
import { renderMessagePage } from './message-page.js'
import { readMessages } from './messages.js'

writeFileSync(`${packageRoot}/shims/contract.h`, renderContract())
writeFileSync(`${packageRoot}/config.schema.json`, renderJsonSchema())
writeFileSync(`${packageRoot}/docs/json.md`, renderJsonPage(shapeRows, journalRows))
writeFileSync(`${packageRoot}/docs/jobshim.1`, renderManPage(await loadCommands()))
writeFileSync(`${packageRoot}/docs/messages.md`, renderMessagePage(readMessages(packageRoot)))
