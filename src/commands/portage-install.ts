import { resolve } from 'node:path'
import { loadSettings } from '../config/load.js'
import { exitCodes } from '../ground/exit-codes.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { envFiles } from '../portage/places.js'
import { installPortage, optedIn } from '../portage/setup.js'
import { command } from './command.js'
import { configOptions, jsonOption, rootOption } from './setting-options.js'
import { toolsOption } from './tools-option.js'

export const install = command({
  name: 'portage install',
  summary: 'put shims and a hook into the phases of Portage, for packages that are opted in',
  options: [rootOption, toolsOption, ...configOptions, jsonOption],
  notes:
    'Makes /usr/lib/jobshim, jobshim.conf and jobshim-sandbox.conf in /etc/portage/env, and one marked line in ' +
    '/etc/portage/bashrc. If a ' +
    'package is opted in, the shims are first on PATH in its src_configure, src_compile, src_test and src_install. The limit ' +
    'is that of the jobserver in MAKEFLAGS; without one each package has the -jN of MAKEOPTS for itself.',
  examples: [
    { line: 'jobshim portage install', text: 'then opt packages in: jobshim portage enable' },
    { line: 'jobshim portage install --root /mnt/gentoo --tools gcc,ld,rustc', text: 'in a chroot' },
  ],
  async run({ flags, workingDirectory, environment }) {
    const root = resolve(workingDirectory, flags.root ?? '/')
    const settings = await loadSettings(flags, workingDirectory, environment)
    const report = await installPortage(root, settings, environment)
    print(flags.json ? `${renderJson(report)}\n` : render(report))
    return exitCodes.ok
  },
})

function render(report: Awaited<ReturnType<typeof installPortage>>): string {
  const { changed, wrote, shims, packages } = report
  const count = shims.added.length + shims.kept.length
  return visibleLines([
    `${changed ? '' : 'nothing changed: '}${count} shims in ${shims.dir}`,
    ...wrote.map(path => `  wrote ${path}`),
    packages.length > 0
      ? `  opted in: ${optedIn(report)}`
      : `  opt a package in: jobshim portage enable CAT/PKG (in package.env: CAT/PKG ${envFiles.shims.name})`,
  ])
}
