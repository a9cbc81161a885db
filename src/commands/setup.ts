import { createInterface } from 'node:readline/promises'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { visibleLines } from '../ground/visible.js'
import { carryOut, isWork, planned, type Setup } from '../setup/setup.js'
import { shellNames } from '../setup/shells.js'
import { command } from './command.js'
import { jsonOption } from './setting-options.js'

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
    jsonOption,
  ],
  notes:
    'Makes the shims, turns the machine pool on in the config of your home directory, and puts one marked line into the ' +
    'files that your shells read as they begin, by which the shims are first on PATH. It shows this and asks first. ' +
    'Without --jobs the limit is that of the config, else the number of cores.',
  examples: [
    { line: 'jobshim setup', text: 'show what it does, ask, and do it' },
    { line: 'jobshim setup --yes --jobs 8', text: 'at most 8 tools at once, in a script' },
    { line: 'jobshim setup --undo', text: 'take it back' },
  ],
  async run({ flags, environment }) {
    const plan = await planned(flags, environment)
    if (flags.print) {
      print(flags.json ? json(plan, false) : render(plan, flags))
      return exitCodes.ok
    }
    const isShown = !flags.undo && !flags.yes && isWork(plan)
    if (isShown) await ask(plan)
    const changed = await carryOut(plan, flags, environment)
    if (flags.json) print(json(plan, changed))
    else print(renderDone(plan, changed, isShown, flags))
    return exitCodes.ok
  },
})

type Flags = { undo?: boolean }

const json = ({ dir, slots, shims, files }: Setup, changed: boolean): string =>
  `${renderJson({ dir, slots, shims, files, changed })}\n`

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

const headOf = ({ slots }: Setup, what: string, { undo }: Flags): string =>
  undo ? what : `${what}: at most ${slots} tools at once in all terminals`

const bodyOf = ({ dir, shims, files }: Setup): string[] => [
  `  ${shimTexts[shims]} ${dir}`,
  ...files.flatMap(({ path, how, lines }) => [
    `  ${fileTexts[how]} ${path}`,
    ...lines.map(line => `    ${line}`),
  ]),
]

function render(plan: Setup, flags: Flags): string {
  const head = !isWork(plan) ? 'nothing to do' : flags.undo ? 'would take back' : 'would set up'
  return visibleLines([headOf(plan, head, flags), ...bodyOf(plan)])
}

/** `isShown`: what was done stands above already. */
function renderDone(plan: Setup, changed: boolean, isShown: boolean, flags: Flags): string {
  const head = !changed ? 'nothing changed' : flags.undo ? 'taken back' : 'set up'
  const next = flags.undo ? 'have their PATH still' : 'do not know it yet'
  return visibleLines([
    headOf(plan, head, flags),
    ...(isShown ? [] : bodyOf(plan)),
    ...(isWork(plan) ? [`  terminals that are open ${next}: open new ones`] : []),
  ])
}

/** Shows what would be done. Throws `Failure` unless somebody says yes. */
async function ask(plan: Setup): Promise<void> {
  const nothing = 'nothing was changed'
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new Failure(
      `setup: no terminal to ask on; ${nothing}`,
      'see what it does: jobshim setup --print; do it: jobshim setup --yes',
      exitCodes.usage,
    )
  print(render(plan, {}), 2)
  const answer = await answerTo('Do this? [y/N] ')
  if (/^y(es)?$/i.test(answer.trim())) return
  throw new Failure(`setup: not agreed; ${nothing}`, 'answer y, or run jobshim setup --yes')
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
