import { existsSync } from 'node:fs'
import { loadSettings } from '../config/load.js'
import { renderColumns } from '../ground/columns.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { print, say } from '../ground/print.js'
import { renderSize } from '../ground/size.js'
import { visibleLine } from '../ground/visible.js'
import { listCosts, type ToolCosts } from '../shimdir/costs.js'
import { layoutOf } from '../shimdir/layout.js'
import { listShims } from '../shimdir/list.js'
import { hasCcacheLinks, orderFault, renderOrderFault } from '../shimdir/order.js'
import { command } from './command.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'

export const list = command({
  name: 'list',
  summary: 'print the shims of a shim dir: name, real tool, family',
  options: [
    {
      name: 'costs',
      kind: 'switch',
      text: 'print how much memory the runs of each tool needed, instead of the shims',
    },
    dirOption,
    ...configOptions,
    jsonOption,
  ],
  notes:
    'With --costs: for each tool and kind of run the number of runs, and the memory that half of them, 95 of 100 and all ' +
    'of them needed at most. Tools without a rule are counted, too.',
  examples: [
    { line: 'jobshim list', text: 'which tools are governed, and where the real ones are' },
    { line: 'jobshim list --json', text: 'the same for programs' },
    { line: 'jobshim list --costs', text: 'how much memory compiling and linking needed here so far' },
  ],
  async run({ flags, workingDirectory, environment }) {
    const { dir } = await loadSettings(flags, workingDirectory, environment)
    if (flags.costs) {
      const costs = listCosts(dir)
      const text = renderCosts(costs)
      print(flags.json ? `${renderJson({ dir, costs })}\n` : text)
      if (text === '' && !flags.json)
        say(`jobshim: nothing is known of what tools needed, in ${visibleLine(dir)}`)
      return exitCodes.ok
    }
    const shims = listShims(dir, environment)
    const rows = shims.map(({ name, tool, family }) => [name, tool ?? 'not on PATH', family ?? '-'])
    const fault = orderFault(environment.PATH ?? '', dir, directory =>
      hasCcacheLinks(
        directory,
        shims.map(({ name }) => name),
      ),
    )
    const json = { dir, shims, ...(fault ? { ccacheBefore: fault.directory } : {}) }
    print(flags.json ? `${renderJson(json)}\n` : renderColumns(rows))
    if (shims.length === 0 && !flags.json) say(`jobshim: no shims in ${visibleLine(dir)}`)
    if (fault) print(renderOrderFault(fault, dir), 2)
    const { launcher } = layoutOf(dir)
    if (shims.length > 0 && !existsSync(launcher))
      throw new Failure(`${launcher}: missing, so that no shim works`, 'jobshim install puts it there again')
    return exitCodes.ok
  },
})

function renderCosts(costs: readonly ToolCosts[]): string {
  const rows = costs.flatMap(costsOfTool)
  return rows.length === 0 ? '' : renderColumns([['tool', 'kind', 'runs', 'median', '95%', 'most'], ...rows])
}

function costsOfTool(costs: ToolCosts): string[][] {
  if (costs.state === 'unreadable') return [[costs.tool, '-', '-', '-', '-', costs.why]]
  return costs.kinds.map(({ kind, runs, medianKiB, p95KiB, mostKiB }) => [
    costs.tool,
    kind,
    String(runs),
    ...[medianKiB, p95KiB, mostKiB].map(renderSize),
  ])
}
