import { resolve } from 'node:path'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import type { Way } from '../portage/places.js'
import { optedIn, type PortageReport, switchPackage } from '../portage/setup.js'
import type { Call, FlagsOf } from './command.js'
import { command } from './command.js'
import { jsonOption, rootOption } from './setting-options.js'

const options = [rootOption, jsonOption] as const

const enableOptions = [
  {
    name: 'sandbox',
    kind: 'switch',
    text: 'their phases run in a sandbox: every tool takes a slot, however it is called',
  },
  ...options,
] as const

export const enable = command({
  name: 'portage enable',
  summary: 'opt packages in: their phases use the shims',
  operands: 'CAT/PKG...',
  mixed: true,
  options: enableOptions,
  notes:
    'With or without --sandbox: the last call counts. jobshim doctor tells whether this kernel can have a sandbox.',
  examples: [
    { line: 'jobshim portage enable dev-qt/qtwebengine', text: 'add a line to package.env' },
    { line: "jobshim portage enable '*/*'", text: 'all packages' },
    {
      line: 'jobshim portage enable --sandbox dev-qt/qtwebengine',
      text: 'also if it calls compilers by their paths',
    },
  ],
  run: call => switchAll(call, call.flags.sandbox ? 'sandbox' : 'shims'),
})

export const disable = command({
  name: 'portage disable',
  summary: 'opt packages out again',
  operands: 'CAT/PKG...',
  mixed: true,
  options,
  examples: [
    { line: 'jobshim portage disable dev-qt/qtwebengine', text: 'remove its line from package.env' },
  ],
  run: call => switchAll(call, 'out'),
})

async function switchAll(
  { flags, operands, workingDirectory }: Call<FlagsOf<typeof options>>,
  wish: Way | 'out',
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

const render = (report: PortageReport): string =>
  visibleLines([`${report.changed ? '' : 'nothing changed: '}opted in: ${optedIn(report) || 'nothing'}`])
