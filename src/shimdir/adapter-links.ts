/** The directory that stands on PATH below a job sandbox: shims of what starts tools, and of no tool. */
import { readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { adapterOf } from '../contract/adapters.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { makeDirectory } from '../ground/make-directory.js'
import { installedNames } from './inspect.js'
import { type Layout, layoutOf, temporaryPrefix } from './layout.js'

/**
 * Makes the links, and removes those that are wanted no more. They are absolute: a launcher tells its shim by the path that a link says. So
 * those of a shim dir that was moved are made anew.
 */
export function arrangeAdapterLinks(layout: Layout): void {
  const names = namesWithAdapter(layout)
  const wrong = wrongLinks(layout, names)
  if (names.length > 0) makeDirectory(layout.adapters)
  for (const name of linksIn(layout))
    if (!names.includes(name)) rmSync(join(layout.adapters, name), { force: true })
  for (const name of wrong) {
    const temporary = join(layout.adapters, `${temporaryPrefix}${process.pid}-${name}`)
    symlinkSync(layout.file(name), temporary)
    renameSync(temporary, join(layout.adapters, name))
  }
}

/** Returns the directory of them, in which all are by then. Throws `Failure` where they are not, and can't be made by us. */
export function ensureAdapterLinks(dir: string): string {
  const layout = layoutOf(dir)
  try {
    if (wrongLinks(layout, namesWithAdapter(layout)).length > 0) arrangeAdapterLinks(layout)
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(systemErrorCode(error) ?? '')) throw error
    throw new Failure(
      `${layout.adapters}: not as it should be: these shims were moved, or made by an older jobshim`,
      `have their owner renew them: jobshim install --dir ${dir}`,
    )
  }
  return layout.adapters
}

const namesWithAdapter = (layout: Layout): string[] =>
  installedNames(layout).filter(name => adapterOf(name) !== undefined)

const wrongLinks = (layout: Layout, names: readonly string[]): string[] =>
  names.filter(name => targetOf(join(layout.adapters, name)) !== layout.file(name))

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch (error) {
    if (['ENOENT', 'EINVAL'].includes(systemErrorCode(error) ?? '')) return undefined
    throw error
  }
}

function linksIn({ adapters }: Layout): string[] {
  try {
    return readdirSync(adapters)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}
