/** Which shim dir is looked at, and how a command names it. */
import type { SettingFlags, Settings } from '../config/options.js'
import { environment as names } from '../contract/environment.js'
import { defaultShimDirectory } from '../ground/paths.js'
import { shWord } from '../ground/shell-word.js'
import { hasShims } from '../tools/launcher-path.js'
import { standingOn } from './path-facts.js'

export type Place = {
  dir: string
  dirArgument: string // names it to a command of jobshim's, with a blank before it; empty: the settings do
  install: string // what a shell runs to make its shims
  env: string // what a shell evaluates to have them first
}

/** Returns that of the settings; if nobody has named one, and another one stands on PATH, that one. */
export function placeOf(flags: SettingFlags, settings: Settings, environment: NodeJS.ProcessEnv): Place {
  const path = environment.PATH ?? ''
  const isNamed =
    flags.dir !== undefined ||
    Boolean(environment[names.dir]) ||
    settings.dir !== defaultShimDirectory(environment)
  const other =
    isNamed || standingOn(path, settings.dir, []).isThere
      ? undefined
      : path.split(':').find(directory => directory.startsWith('/') && hasShims(directory))
  const dir = other ?? settings.dir
  const dirArgument = flags.dir === undefined && other === undefined ? '' : ` --dir ${shWord(dir)}`
  return {
    dir,
    dirArgument,
    install: `jobshim install${dirArgument}`,
    env: `jobshim env${dirArgument}`,
  }
}
