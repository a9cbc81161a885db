import { loadSettings } from '../config/load.js'
import { exitCodes } from '../ground/exit-codes.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { type InstallReport, installShims } from '../shimdir/install.js'
import { hasCcacheLinks, orderFault, renderOrderFault } from '../shimdir/order.js'
import { command } from './command.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'
import { toolsOption } from './tools-option.js'

export const install = command({
  name: 'install',
  summary: 'make the shims of a shim dir, and remove those no longer wanted',
  options: [
    dirOption,
    toolsOption,
    { name: 'no-adapters', kind: 'switch', text: 'no shims for make, cargo, ccache and the like' },
    ...configOptions,
    jsonOption,
  ],
  notes:
    'Families: ar, as, clang, gcc, gfortran, ghc, go, javac, ld, ranlib, rustc. gcc means every gcc, g++, cc, c++, c89, ' +
    'c99, TRIPLE- and -VERSION name on PATH. Without --tools: all families but ar, as, javac and ranlib. ' +
    'Your own files stay. ' +
    'What the config says about the cost of runs (load, pressure, engine, rules) is written into the shim dir.',
  examples: [
    { line: 'jobshim install', text: 'shims for all compilers and linkers on PATH' },
    { line: 'jobshim install --tools gcc,ld,yasm', text: 'two families and a tool' },
    { line: 'jobshim install --dir /opt/shims', text: 'in another directory' },
  ],
  async run({ flags, workingDirectory, environment }) {
    const settings = await loadSettings(flags, workingDirectory, environment)
    const report = await installShims(settings.dir, settings, environment)
    print(flags.json ? `${renderJson(report)}\n` : render(report))
    const fault = orderFault(environment.PATH ?? '', report.dir, directory =>
      hasCcacheLinks(directory, [...report.added, ...report.kept]),
    )
    if (fault) print(renderOrderFault(fault, report.dir), 2)
    return exitCodes.ok
  },
})

function render({ dir, added, removed, kept, leftAlone, changed }: InstallReport): string {
  const count = added.length + kept.length
  const shims = count === 1 ? '1 shim' : `${count} shims`
  return visibleLines([
    changed ? `${shims} in ${dir}` : `nothing changed: ${shims} in ${dir}`,
    ...(added.length > 0 ? [`  added: ${added.join(' ')}`] : []),
    ...(removed.length > 0 ? [`  removed: ${removed.join(' ')}`] : []),
    ...(leftAlone.length > 0 ? [`  left alone, no longer ours: ${leftAlone.join(' ')}`] : []),
    ...(added.length > 0 ? [`  put it first on PATH, or use jobshim run: export PATH=${dir}:$PATH`] : []),
  ])
}
