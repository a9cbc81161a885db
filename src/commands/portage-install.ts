import { resolve } from 'node:path'
import { loadSettings } from '../config/load.js'
import { exitCodes } from '../ground/exit-codes.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { envFileName } from '../portage/places.js'
import { installPortage } from '../portage/setup.js'
import { command } from './command.js'
import { configOptions, jsonOption, rootOption } from './setting-options.js'
import { toolsOption } from './tools-option.js'

export const install = command({
  name: 'portage install',
  summary: 'put shims and a hook into the phases of Portage, for packages that are opted in',
  options: [rootOption, toolsOption, ...configOptions, jsonOption],
  notes:
    'Makes /usr/lib/jobshim, /etc/portage/env/jobshim.conf and one marked line in /etc/portage/bashrc. In src_configure, ' +
    'src_compile, src_test and src_install of a package that is opted in the shims are first on PATH. The limit is that of the ' +
    'jobserver in MAKEFLAGS, else of MAKEOPTS, for each package by itself.',
  examples: [
    { line: 'jobshim portage install', text: 'and then opt packages in' },
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

function render({ changed, wrote, shims, packages }: Awaited<ReturnType<typeof installPortage>>): string {
  const count = shims.added.length + shims.kept.length
  return visibleLines([
    `${changed ? '' : 'nothing changed: '}${count} shims in ${shims.dir}`,
    ...wrote.map(path => `  wrote ${path}`),
    packages.length > 0
      ? `  opted in: ${packages.join(' ')}`
      : `  opt a package in: jobshim portage enable CAT/PKG (in package.env: CAT/PKG ${envFileName})`,
  ])
}
