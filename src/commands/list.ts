import { existsSync } from 'node:fs'
import { loadSettings } from '../config/load.js'
import { renderColumns } from '../ground/columns.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { layoutOf } from '../shimdir/layout.js'
import { listShims } from '../shimdir/list.js'
import { hasCcacheLinks, orderFault, renderOrderFault } from '../shimdir/order.js'
import { command } from './command.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'

export const list = command({
  name: 'list',
  summary: 'print the shims of a shim dir: name, real tool, family',
  options: [dirOption, ...configOptions, jsonOption],
  examples: [
    { line: 'jobshim list', text: 'what is governed, and which real tool it stands for' },
    { line: 'jobshim list --json', text: 'the same for programs' },
  ],
  async run({ flags, workingDirectory, environment }) {
    const { dir } = await loadSettings(flags, workingDirectory, environment)
    const shims = listShims(dir, environment)
    const rows = shims.map(({ name, tool, family }) => [name, tool ?? 'not on PATH', family ?? '-'])
    const fault = orderFault(environment.PATH ?? '', dir, directory =>
      hasCcacheLinks(
        directory,
        shims.map(({ name }) => name),
      ),
    )
    const json = { dir, shims, ...(fault ? { ccacheBefore: fault.directory } : {}) }
    process.stdout.write(flags.json ? `${JSON.stringify(json)}\n` : renderColumns(rows))
    if (fault) process.stderr.write(`${renderOrderFault(fault, dir)}\n`)
    const { launcher } = layoutOf(dir)
    if (shims.length > 0 && !existsSync(launcher))
      throw new Failure(`${launcher}: missing, so that no shim works`, 'jobshim install puts it there again')
    return exitCodes.ok
  },
})
