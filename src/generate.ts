/** Writes the generated files: `shims/contract.h` and `config.schema.json`. Run by `npm run generate`. */
import { writeFileSync } from 'node:fs'
import { renderJsonSchema } from './config/schema.js'
import { packageRoot } from './ground/paths.js'
import { renderContract } from './toolchain/contract.js'

writeFileSync(`${packageRoot}/shims/contract.h`, renderContract())
writeFileSync(`${packageRoot}/config.schema.json`, renderJsonSchema())
