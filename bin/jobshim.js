#!/usr/bin/env node
// CommonJS, by package.json beside it: Node starts that sooner than a module.
const { existsSync, writeSync } = require('node:fs')
const { join, resolve } = require('node:path')

const main = join(__dirname, '../dist/bundle/main.cjs')
if (existsSync(main)) require(main)
else {
  writeSync(
    2,
    `jobshim: this checkout is not built: npm ci && npm run build in ${resolve(__dirname, '..')}\n`,
  )
  process.exitCode = ['run', 'exec'].includes(process.argv[2]) ? 125 : 1
}
