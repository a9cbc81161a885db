import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { systemPool } from '../contract/machine-pool.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import type { Setup } from '../setup/setup.js'
import * as userSetup from '../setup/setup.js'
import { shellNames } from '../setup/shells.js'
import { command } from './command.js'
import { jsonOption, rootOption } from './setting-options.js'

export const setup = command({
  name: 'setup',
  summary: 'have all your terminals share one limit, or take that back',
  options: [
    { name: 'jobs', letter: 'j', kind: 'number', value: 'N', text: 'how many tools may run at once' },
    {
      name: 'shell',
      kind: 'names',
      value: 'S',
      completes: { kind: 'choice', values: shellNames },
      text: 'the shells that you use: bash, zsh, fish (default: by $SHELL)',
    },
    { name: 'yes', letter: 'y', kind: 'switch', text: 'do it without asking' },
    { name: 'print', kind: 'switch', text: 'show what it would do, and change nothing' },
    { name: 'undo', kind: 'switch', text: 'take it back: all files are as before' },
    {
      name: 'system',
      kind: 'switch',
      text: `as root: one pool for all users of the group ${systemPool.group}, by a service`,
    },
    { ...rootOption, text: 'with --system: root of the system whose files are changed (default: /)' },
    jsonOption,
  ],
  notes:
    'Makes the shims, turns the machine pool on in the config of your home directory, and puts one marked line into the ' +
    'files that your shells read as they begin, by which the shims are first on PATH, and jobshim off and on work. ' +
    'It shows this and asks first. ' +
    'Without --jobs the limit is that of the config, else the number of cores. ' +
    'With --system it makes shims in /usr/lib/jobshim, a service (systemd or OpenRC) that keeps the pool ' +
    `${systemPool.fifo}, the group ${systemPool.group}, and /etc/profile.d/jobshim.sh, by which login shells have the shims ` +
    'first on PATH. Users of the group share that pool; all others have their own ones. With --root it only writes files: ' +
    'the group, and the start of the service, are left to you.',
  examples: [
    { line: 'jobshim setup', text: 'show what it does, ask, and do it' },
    { line: 'jobshim setup --yes --jobs 8', text: 'at most 8 tools at once, in a script' },
    { line: 'jobshim setup --undo', text: 'take it back' },
    {
      line: 'sudo jobshim setup --system --jobs 8',
      text: 'at most 8 tools at once for all users of the group',
    },
  ],
  async run({ flags, workingDirectory, environment }) {
    assertFit(flags)
    const { planned, carryOut } = flags.system ? await ofSystem(flags, workingDirectory) : ofUser(flags)
    const plan = await planned(environment)
    if (flags.print) {
      print(flags.json ? json(plan, false) : render(plan, flags))
      return exitCodes.ok
    }
    const isShown = !flags.undo && !flags.yes && userSetup.isWork(plan)
    if (isShown) await ask(plan, flags)
    const changed = await carryOut(plan, environment)
    if (flags.json) print(json(plan, changed))
    else print(renderDone(plan, changed, isShown, flags))
    return exitCodes.ok
  },
})

type Flags = { undo?: boolean; system?: boolean; root?: string }

type Wishes = Parameters<typeof userSetup.planned>[0]

/** What is set up: a user's terminals, or a system. */
type Target = {
  planned(environment: NodeJS.ProcessEnv): Promise<Setup>
  carryOut(shown: Setup, environment: NodeJS.ProcessEnv): Promise<boolean>
}

const ofUser = (wishes: Wishes): Target => ({
  planned: environment => userSetup.planned(wishes, environment),
  carryOut: (shown, environment) => userSetup.carryOut(shown, wishes, environment),
})

async function ofSystem({ root = '/', ...flags }: Flags & Wishes, from: string): Promise<Target> {
  const { carryOutSystem, plannedSystem } = await import('../setup/system.js')
  const wishes = { jobs: flags.jobs, undo: flags.undo, root: resolve(from, root) }
  return {
    planned: environment => plannedSystem(wishes, environment),
    carryOut: (shown, environment) => carryOutSystem(shown, wishes, environment),
  }
}

/** Throws `Failure` for options that say nothing together. */
function assertFit({ system, root, shell }: Flags & Wishes): void {
  if (root !== undefined && !system)
    throw new Failure('setup: --root without --system', 'add --system', exitCodes.usage)
  if (shell !== undefined && system)
    throw new Failure(
      'setup: --shell with --system: login shells of all users read /etc/profile.d',
      'leave out --shell, or --system',
      exitCodes.usage,
    )
}

const json = ({ dir, slots, shims, files, steps }: Setup, changed: boolean): string =>
  `${renderJson({ dir, slots, shims, files, steps, changed })}\n`

const shimTexts: Readonly<Record<Setup['shims'], string>> = {
  make: 'make the shims in',
  keep: 'keep the shims in',
  renew: 'write the shims as the config has them, in',
  remove: 'remove the shims in',
  none: 'no shims in',
}

const fileTexts: Readonly<Record<Setup['files'][number]['how'], string>> = {
  make: 'make',
  add: 'add to',
  restore: 'take out of',
  remove: 'remove',
}

const headOf = ({ slots }: Setup, what: string, { undo, system }: Flags): string =>
  undo
    ? what
    : `${what}: at most ${slots} tools at once ${system ? `of all users in the group ${systemPool.group}` : 'in all terminals'}`

const bodyOf = ({ dir, shims, files, steps }: Setup): string[] => [
  `  ${shimTexts[shims]} ${dir}`,
  ...files.flatMap(({ path, how, lines }) => [
    `  ${fileTexts[how]} ${path}`,
    ...lines.map(line => `    ${line}`),
  ]),
  ...steps.map(step => `  run ${step}`),
]

/** What is left to the user. */
function nextSteps({ undo, system, root }: Flags): string[] {
  if (!system)
    return [`terminals that are open ${undo ? 'have their PATH still' : 'do not know it yet'}: open new ones`]
  if (undo) return root === undefined ? [] : [`remove the group in that system: groupdel ${systemPool.group}`]
  const group = systemPool.group
  const first = [
    `in that system, make the group and start the service: groupadd --system ${group}, then systemctl enable --now jobshim`,
    `(OpenRC: rc-update add jobshim default)`,
  ]
  return [
    ...(root === undefined ? [] : [first.join(' ')]),
    `for each user who is to share it: usermod --append --groups ${group} USER; it counts from their next login`,
  ]
}

function render(plan: Setup, flags: Flags): string {
  const head = !userSetup.isWork(plan) ? 'nothing to do' : flags.undo ? 'would take back' : 'would set up'
  return visibleLines([headOf(plan, head, flags), ...bodyOf(plan)])
}

/** `isShown`: what was done stands above already. */
function renderDone(plan: Setup, changed: boolean, isShown: boolean, flags: Flags): string {
  const head = !changed ? 'nothing changed' : flags.undo ? 'taken back' : 'set up'
  return visibleLines([
    headOf(plan, head, flags),
    ...(isShown ? [] : bodyOf(plan)),
    ...(userSetup.isWork(plan) ? nextSteps(flags).map(line => `  ${line}`) : []),
  ])
}

/** Shows what would be done. Throws `Failure` unless somebody says yes. */
async function ask(plan: Setup, flags: Flags): Promise<void> {
  const nothing = 'nothing was changed'
  const call = `jobshim setup${flags.system ? ' --system' : ''}`
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new Failure(
      `setup: no terminal to ask on; ${nothing}`,
      `see what it does: ${call} --print; do it: ${call} --yes`,
      exitCodes.usage,
    )
  print(render(plan, flags), 2)
  const answer = await answerTo('Do this? [y/N] ')
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new Failure(`setup: not agreed; ${nothing}`, `answer y, or run ${call} --yes`)
}

/** Resolves with a line; with an empty one at the end of stdin, or ^C. */
function answerTo(question: string): Promise<string> {
  const dialog = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new Promise<string>(resolve => {
    dialog.once('close', () => {
      print('\n', 2)
      resolve('')
    })
  })
  const answered = dialog.question(question)
  return Promise.race([answered, ended]).finally(() => {
    dialog.removeAllListeners('close')
    dialog.close()
  })
}
