/** Writes the generated files: `shims/contract.h` and `config.schema.json`. Run by `npm run generate`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { renderContract } from './toolchain/contract.js'

const packageRoot = fileURLToPath(new URL('../../', import.meta.url))
writeFileSync(`${packageRoot}shims/contract.h`, renderContract())
