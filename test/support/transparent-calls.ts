import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from './built.js'
import { type Outcome, run, scrubbed } from './jobshim.js'
import { installShims } from './shimdir.js'
import { makeWorkspace, repository } from './workspace.js'

/** Where a tool stands below a jobserver, and so by which path its launcher goes; see transparent-caller.c. */
export const places = ['caller', 'implicit', 'token'] as const

/** And a tool that no shim stands before, but that was held in a job sandbox until another one had ended. */
export const doors = [...places, 'sandbox'] as const
export type Place = (typeof doors)[number]

/** What was seen of one or more calls of a tool. */
export type Seen = Outcome & { report: string }

export type Call = {
  setup?: readonly string[] // of transparent-caller
  tool?: readonly string[] // default: probe look
  dialog?: readonly string[] // what transparent-caller is told to do, a line each
  env?: Readonly<Record<string, string>>
  behind?: string // a directory on PATH before all others, but behind the shims
  shims?: string // default: those of the probe
}

type Calls = { directory: string; caller: string; tools: string; shims: string }

let _calls: Promise<Calls> | undefined

async function prepare(): Promise<Calls> {
  const directory = makeWorkspace()
  const tools = join(directory, 'tools')
  mkdirSync(tools)
  const caller = join(directory, 'ninja') // a client of a name that nobody knows would owe a slot
  buildProgram(caller, ['transparent-caller.c', 'transparent-start.c', 'transparent-dialog.c'])
  buildProgram(join(tools, 'probe'), ['transparent-probe.c'])
  const shims = await installShims(join(directory, 'shims'), {
    args: ['--tools', 'probe'],
    env: { PATH: `${tools}:${process.env.PATH}` },
  })
  return { directory, caller, tools, shims }
}

/** The directories of this file's calls; `tools` holds the probe and may get more. */
export const calls = (): Promise<Calls> => {
  _calls ??= prepare()
  return _calls
}

/** Names instead of the numbers that every run makes anew. */
function named(text: string): string {
  const numbers = new Map<string, string>()
  for (const [, number = ''] of text.matchAll(/<(\d+)>/g))
    numbers.set(number, numbers.get(number) ?? `process ${numbers.size + 1}`)
  return text
    .replace(/<(\d+)>/g, (_, number: string) => `<${numbers.get(number)}>`)
    .replace(/(pipe|socket):\[\d+\]/g, '$1')
    .replace(/pts\/\d+/g, 'pts/N')
    .replace(/ready \d+/g, 'ready')
}

/** The words that call a program in a sandbox, with nothing of what `run` gives to any command: its session, variables and descriptors. */
function inSandbox(
  directory: string,
  shims: string,
  env: NodeJS.ProcessEnv,
  words: readonly string[],
): string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const held = join(directory, 'held')
  rmSync(held, { force: true })
  const start = 'exec setsid env -i "$@" 3<&- 4<&-'
  const holder = `probe hold ${held} </dev/null >/dev/null & until [ -e ${held} ]; do sleep 0.01; done; `
  const script = shims === join(directory, 'shims') ? holder + start : start // of other shims the probe is no tool
  const options = ['--sandbox', '--quiet', '--no-config', '--dir', shims, '-j1']
  return [
    ...[join(repository, 'bin/jobshim.js'), 'run', ...options, '--'],
    ...['sh', '-c', script, 'sh', ...variables, ...words],
  ]
}

async function callOnce(place: Place, governed: boolean, call: Call): Promise<Seen> {
  const { directory, caller, tools, shims } = await calls()
  const { setup = [], tool = ['probe', 'look'], dialog = [], env = {}, behind } = call
  const throughShim = governed && place !== 'sandbox'
  const theirs = call.shims ?? shims
  const path = [throughShim ? theirs : [], behind ?? [], tools, process.env.PATH ?? []].flat()
  const fifo = join(directory, 'fifo')
  const file = join(directory, 'report')
  for (const left of [fifo, file]) rmSync(left, { force: true })
  const whole = {
    ...env,
    PATH: path.join(':'),
    MAKEFLAGS: ` -j4 --jobserver-auth=fifo:${fifo}`,
    PROBE_FIFO: fifo,
    PROBE_REPORT: file,
  }
  const words = [place === 'sandbox' ? 'implicit' : place, ...setup, '--', ...tool]
  const around = { cwd: directory, env: whole, input: dialog.map(line => `${line}\n`).join('') }
  const outcome =
    governed && !throughShim
      ? await run(process.execPath, inSandbox(directory, theirs, scrubbed(whole), [caller, ...words]), {
          ...around,
          env: { PATH: path.join(':') },
        })
      : await run(caller, words, around)
  const report = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [stdout = '', seen = ''] = named(`${outcome.stdout}\0${report}`).split('\0')
  return { ...outcome, stdout, report: seen }
}

/** A call with the shim dir first on PATH, or in a sandbox. */
export const callThroughShim = (place: Place, call: Call = {}): Promise<Seen> => callOnce(place, true, call)

/** The same call without. */
export const callBare = (place: Place, call: Call = {}): Promise<Seen> => callOnce(place, false, call)

/**
 * What a call showed, line by line, but for what the README says: argv[0], JOBSHIM_HOPS, and the launcher as its parent; in a sandbox
 * only that an ordinary user has no new privileges.
 */
function seenLines(place: Place, { status, signal, stdout, stderr, report }: Seen): string[] {
  const said = place === 'sandbox' ? ordinary : /^(argv 0 .*|env JOBSHIM_HOPS=1|parent .*)\n/gm
  return [`${status} ${signal}`, stdout, stderr, report.replace(said, '')].join('\n').split('\n')
}

const ordinary = process.getuid?.() === 0 ? '' : /^NoNewPrivs:.*\n/gm

/**
 * Calls a tool with and without its shim, asserts that all that was seen is the same and that the caller found all its
 * tokens, and returns what was seen through the shim.
 */
export async function assertSame(place: Place, call: Call = {}): Promise<Seen> {
  const bare = await callBare(place, call)
  const shimmed = await callThroughShim(place, call)
  assert.is(bare.status, 0, `${bare.stdout}${bare.stderr}`)
  assert.match(bare.stdout, /^tokens 3$/m)
  const [expected, actual] = [seenLines(place, bare), seenLines(place, shimmed)]
  const missing = expected.filter(line => !actual.includes(line))
  const added = actual.filter(line => !expected.includes(line))
  assert.equal({ missing, added }, { missing: [], added: [] })
  assert.ok(actual.join('\n') === expected.join('\n'), 'the same lines in another order')
  return shimmed
}
