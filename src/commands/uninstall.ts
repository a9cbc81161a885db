import { loadSettings } from '../config/load.js'
import { exitCodes } from '../ground/exit-codes.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { type UninstallReport, uninstallShims } from '../shimdir/uninstall.js'
import { command } from './command.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'

export const uninstall = command({
  name: 'uninstall',
  summary: 'remove the shims of a shim dir, and nothing else',
  options: [dirOption, ...configOptions, jsonOption],
  examples: [
    { line: 'jobshim uninstall', text: 'remove the default shim dir' },
    { line: 'jobshim uninstall --dir /opt/shims', text: 'another one' },
  ],
  async run({ flags, workingDirectory, environment }) {
    const { dir } = await loadSettings(flags, workingDirectory, environment)
    const report = await uninstallShims(dir, environment)
    print(flags.json ? `${renderJson(report)}\n` : render(report))
    return exitCodes.ok
  },
})

function render({ dir, removed, leftAlone, changed }: UninstallReport): string {
  const shims = removed.length === 1 ? '1 shim' : `${removed.length} shims`
  return visibleLines([
    changed ? `removed ${shims} from ${dir}` : `nothing of jobshim in ${dir}`,
    ...leftAlone.map(path => `  left alone, not ours: ${path}`),
  ])
}
