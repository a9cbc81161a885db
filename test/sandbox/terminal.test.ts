/** Keys and a hang-up of a terminal, at a tool that waits for its slot: the shell, and the tool's end, are as without jobshim. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Outcome, run, scrubbed } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { calls } from '../support/transparent-calls.js'
import { repository } from '../support/workspace.js'

type Door = 'bare' | 'sandbox'

const shells = {
  dash: ['dash', '-i'],
  bash: ['bash', '--norc', '--noprofile', '--noediting', '-i'],
  zsh: ['zsh', '-f', '+o', 'zle', '-i'],
} as const

const prompt = 'expect prompt> '
const line = (text: string): string => `send ${text}\\n`
const status = (code: number): string[] => [prompt, line('echo status $?'), `expect status ${code}`, prompt]
const told = ['expect ready ', 'expect \\n']
const keys = { interrupt: 'send \\003', quit: 'send \\034', suspend: 'send \\032' }

/** The tool is called; in the sandbox it waits from then on, else it runs. */
const call = (door: Door): string[] => [line('probe wait'), ...(door === 'sandbox' ? ['held'] : told)]

/** It has waited up to now. */
const goOn = (door: Door): string[] => (door === 'sandbox' ? ['free gate.1', ...told] : [])

/** Until it runs on, or waits on: keys that come earlier are the shell's, and ^Z that comes before SIGCONT is lost. */
const foreground = (door: Door): string[] => [
  line('fg'),
  'expect probe wait',
  ...(door === 'sandbox' ? ['held', 'settle'] : [line('again'), 'expect answer again']),
]

const answer = (code: number): string[] => [
  line('on'),
  'expect answer on',
  line(`exit ${code}`),
  ...status(code),
]

const leave = line('exit 9')

type Scene = (door: Door) => string[]

const scenes: Readonly<Record<string, Scene>> = {
  '^C': door => [...call(door), keys.interrupt, ...status(130), leave],
  '^\\': door => [...call(door), keys.quit, ...status(131), leave],
  '^Z and fg': door => [
    ...call(door),
    keys.suspend,
    prompt,
    ...foreground(door),
    ...goOn(door),
    ...answer(4),
    leave,
  ],
  '^Z and fg, twice, and ^C': door => [
    ...call(door),
    keys.suspend,
    prompt,
    ...foreground(door),
    keys.suspend,
    prompt,
    ...foreground(door),
    keys.interrupt,
    ...status(130),
    leave,
  ],
  '^Z, the slot comes, and fg': door => [
    ...call(door),
    keys.suspend,
    prompt,
    ...(door === 'sandbox' ? ['free gate.1'] : []),
    line('fg'),
    'expect probe wait',
    ...(door === 'sandbox' ? told : []),
    ...answer(5),
    leave,
  ],
  '^Z, bg, the slot comes, and fg': door => [
    ...call(door),
    keys.suspend,
    prompt,
    ...(door === 'sandbox' ? [line('bg'), prompt, ...goOn(door), line('wait')] : [line('bg; wait')]), // until it reads the terminal
    prompt,
    line('fg'),
    'expect probe wait',
    ...answer(6),
    leave,
  ],
  'the terminal hangs up': door => [...call(door), 'close'],
  '^Z, and the terminal hangs up': door => [...call(door), keys.suspend, prompt, 'close'],
}

type Seen = Outcome & { end: string[] }

/** Two tools have both slots, each until it is told to end. */
const holders = `for n in 1 2; do
  probe wait <>gate.$n >held.$n &
  until [ -s held.$n ]; do sleep 0.01; done
done
env -i "$@"
for n in 1 2; do echo exit 0 1<>gate.$n; done
wait`

async function play(door: Door, shell: keyof typeof shells, scene: Scene): Promise<Seen> {
  const { directory, caller, tools, shims } = await calls()
  for (const name of ['fifo', 'gate.1', 'gate.2', 'held.1', 'held.2'])
    rmSync(join(directory, name), { force: true })
  for (const name of ['gate.1', 'gate.2']) execFileSync('mkfifo', [join(directory, name)])
  const path = `${tools}:${process.env.PATH}`
  const env = { PATH: path, PS1: 'prompt> ', ENV: '', PROBE_FIFO: join(directory, 'fifo') }
  const words = [caller, 'implicit', 'terminal', '--', ...shells[shell]]
  const input = [prompt, line('stty -echo'), prompt, ...scene(door)].map(text => `${text}\n`).join('')
  const variables = Object.entries(scrubbed(env)).map(([name, value]) => `${name}=${value}`)
  const options = ['--sandbox', '--json', '--no-config', '--dir', shims, '-j2']
  const outcome =
    door === 'bare'
      ? await run(caller, words.slice(1), { cwd: directory, env, input })
      : await run(
          process.execPath,
          [
            ...[join(repository, 'bin/jobshim.js'), 'run', ...options, '--'],
            ...['sh', '-c', holders, 'sh', ...variables, ...words],
          ],
          { cwd: directory, env: { PATH: path }, input },
        )
  return { ...outcome, end: outcome.stdout.match(/^(status|tokens) .+$/gm) ?? [] }
}

for (const shell of ['dash', 'bash', 'zsh'] as const)
  for (const [name, scene] of Object.entries(scenes))
    testWith(shell, `sandbox :: terminal :: ${shell} :: ${name} at a tool that waits`, async () => {
      const bare = await play('bare', shell, scene)
      assert.is(bare.status, 0, bare.stdout)
      const held = await play('sandbox', shell, scene)
      assert.is(held.status, 0, `${held.stdout}${held.stderr}`)
      assert.equal(held.end, bare.end, held.stdout)
      const { back, total, past, overdrafts } = JSON.parse(held.stderr)
      assert.equal({ back, total, past, overdrafts }, { back: 1, total: 1, past: [], overdrafts: 0 })
    })

test.run()
