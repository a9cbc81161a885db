import * as assert from 'uvu/assert'
import { loadSettings } from '../../src/config/load.js'
import type { SettingFlags } from '../../src/config/options.js'
import { exitCodes } from '../../src/ground/exit-codes.js'
import { Failure, renderFailure } from '../../src/ground/failure.js'
import { scrubbed } from '../support/jobshim.js'

/** What a command that reads its settings in `cwd` says on stderr, and that it takes its words, or the config, for wrong. */
export async function refusalOf(flags: SettingFlags, cwd: string): Promise<string> {
  try {
    await loadSettings(flags, cwd, scrubbed({ HOME: cwd }))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    assert.is(error.code, exitCodes.usage)
    return `${renderFailure(error)}\n`
  }
  throw new Error('nothing is refused')
}
