/** Variables that steer builds past the shims or the pool. */
import type { Settings } from '../config/options.js'
import { environment as names } from '../contract/environment.js'
import { findAuth } from '../jobserver/auth.js'
import { type Forestalling, standingOn } from './path-facts.js'

export type VariableFacts = {
  dir: string
  install: string // what a shell runs to make the shims
  environment: NodeJS.ProcessEnv
  shims: readonly string[] // their names
  joins: boolean // a -jN of its own is dropped
  hasPool: boolean // the environment names one
  before: readonly Forestalling[]
}

/** Gathers them. */
export function variableFacts(
  settings: Settings,
  install: string,
  shims: readonly string[],
  environment: NodeJS.ProcessEnv,
): VariableFacts {
  const join = environment[names.join]
  const { MAKEFLAGS: make = '', CARGO_MAKEFLAGS: cargo = '' } = environment
  return {
    dir: settings.dir,
    install,
    environment,
    shims,
    joins: join ? join === '1' : (settings.join ?? false),
    hasPool: Boolean(environment[names.jobserver] || findAuth(make) || findAuth(cargo)),
    before: standingOn(environment.PATH ?? '', settings.dir, shims).before,
  }
}
