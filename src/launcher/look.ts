/** Has `look` do something, and waits for it. */
import { spawnSync } from 'node:child_process'
import type { LookCommandName } from '../contract/look-commands.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { noAnswer, type Outcome, readOutcome } from './answers.js'
import { rawCall } from './raw-call.js'

export type Call = {
  words?: readonly string[] // behind the command
  environment?: NodeJS.ProcessEnv
  descriptors?: readonly number[] // handed on from 3 on
}

/** Returns what came of it. Throws `Failure` where nothing did that can be read, or `look` can't be started. */
export function callLook<Name extends LookCommandName>(
  look: string,
  command: Name,
  call: Call = {},
): Outcome<Name> {
  const { words = [], environment, descriptors = [] } = call
  const raw = environment && rawCall([command, ...words], environment, 0)
  const { error, status, stdout } = spawnSync(look, raw ? raw.words : [command, ...words], {
    env: raw ? raw.env : environment,
    encoding: 'utf8',
    stdio: [raw ? 'pipe' : 'ignore', 'pipe', 'ignore', ...descriptors],
    ...(raw && { input: raw.bytes }),
  })
  if (error) throw notCalled(look, error)
  const outcome = readOutcome(command, status, stdout)
  if (outcome === undefined) throw noAnswer(look)
  return outcome
}

const notCalled = (look: string, error: Error): Failure =>
  new Failure(
    `${look}: can't be called (${systemErrorCode(error)})`,
    'see jobshim doctor, or install the shims anew: jobshim install',
  )
