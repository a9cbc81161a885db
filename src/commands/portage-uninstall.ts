import { resolve } from 'node:path'
import { exitCodes } from '../ground/exit-codes.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { uninstallPortage } from '../portage/setup.js'
import { command } from './command.js'
import { jsonOption, rootOption } from './setting-options.js'

export const uninstall = command({
  name: 'portage uninstall',
  summary: 'remove everything of jobshim from Portage',
  options: [rootOption, jsonOption],
  examples: [{ line: 'jobshim portage uninstall', text: 'bashrc and package.env are as before' }],
  async run({ flags, workingDirectory, environment }) {
    const report = await uninstallPortage(resolve(workingDirectory, flags.root ?? '/'), environment)
    const changed = [
      ...report.removed.map(path => `  removed ${path}`),
      ...report.wrote.map(path => `  changed ${path}`),
    ]
    const text = report.changed ? ['removed from Portage', ...changed] : ['nothing of jobshim in Portage']
    print(flags.json ? `${renderJson(report)}\n` : visibleLines(text))
    return exitCodes.ok
  },
})
