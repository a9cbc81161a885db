import { resolve } from 'node:path'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { type PortageReport, switchPackage } from '../portage/setup.js'
import type { Call, FlagsOf } from './command.js'
import { command } from './command.js'
import { jsonOption, rootOption } from './setting-options.js'

const options = [rootOption, jsonOption] as const

export const enable = command({
  name: 'portage enable',
  summary: 'opt packages in: their phases run below the shims',
  operands: 'CAT/PKG...',
  mixed: true,
  options,
  examples: [
    { line: 'jobshim portage enable dev-qt/qtwebengine', text: 'a line in package.env' },
    { line: "jobshim portage enable '*/*'", text: 'all packages' },
  ],
  run: call => switchAll(call, 'in'),
})

export const disable = command({
  name: 'portage disable',
  summary: 'opt packages out again',
  operands: 'CAT/PKG...',
  mixed: true,
  options,
  examples: [{ line: 'jobshim portage disable dev-qt/qtwebengine', text: 'takes the line away' }],
  run: call => switchAll(call, 'out'),
})

async function switchAll(
  { flags, operands, workingDirectory }: Call<FlagsOf<typeof options>>,
  wish: 'in' | 'out',
): Promise<number> {
  if (operands.length === 0)
    throw new Failure('no package named', 'see jobshim portage enable --help', exitCodes.usage)
  const root = resolve(workingDirectory, flags.root ?? '/')
  const reports = operands.map(atom => switchPackage(root, atom, wish))
  const last = reports.at(-1)
  const report = { ...last, changed: reports.some(({ changed }) => changed) } as PortageReport
  print(flags.json ? `${renderJson(report)}\n` : render(report))
  return exitCodes.ok
}

const render = ({ changed, packages }: PortageReport): string =>
  visibleLines([
    `${changed ? '' : 'nothing changed: '}opted in: ${packages.length > 0 ? packages.join(' ') : 'nothing'}`,
  ])
