/** Programs of the system by which a service and a group come and go. */
import { spawnSync } from 'node:child_process'
import { Failure } from '../ground/failure.js'
import { visibleLine } from '../ground/visible.js'
import { findTool } from '../shimdir/real-tools.js'
import type { Step } from './system-files.js'

// Whatever PATH our caller has.
const directories = ['/usr/sbin', '/usr/bin', '/sbin', '/bin']

function chosen(step: Step): { line: string; program: string | undefined; args: string[] } {
  const there = step.find(([name]) => findTool(name, directories) !== undefined)
  const [name = '', ...args] = there ?? step[0] ?? []
  return { line: [name, ...args].join(' '), program: findTool(name, directories), args }
}

/** Returns the step's command line, for people. */
export const stepText = (step: Step): string => chosen(step).line

/** Does it. Throws `Failure`, with the advice `hint`, if it fails. */
export function runStep(step: Step, hint: string): void {
  const { line, program, args } = chosen(step)
  if (program === undefined) throw new Failure(`${line}: no such program`, hint)
  const { status, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (error === undefined && status === 0) return
  const said = visibleLine((stderr ?? '').trim().split('\n').at(-1) ?? '')
  throw new Failure(`${line}: failed${said === '' ? '' : `: ${said}`}`, hint)
}
