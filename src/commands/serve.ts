import { spawnSync } from 'node:child_process'
import { closeSync, constants, lstatSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadSettings } from '../config/load.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { renderJson } from '../ground/json.js'
import { ensureStateDirectory } from '../ground/paths.js'
import { print } from '../ground/print.js'
import { readingFault } from '../ground/readable-path.js'
import { formatAuth } from '../jobserver/auth.js'
import { assertFits } from '../jobserver/fifo.js'
import { isLedger, readSize } from '../jobserver/ledger.js'
import { enterServer, removeEntry } from '../jobserver/registry.js'
import { closeServer, ledgerOf, openServer, type Server, wakeServer, wantSize } from '../jobserver/server.js'
import { isServed } from '../jobserver/server-lock.js'
import { type Caretaker, openCaretaker, type PoolEvent } from '../launcher/caretaker.js'
import { changeText } from '../launcher/change.js'
import { usableLook } from '../shimdir/ensure.js'
import { command } from './command.js'
import { configOptions, dirOption, jsonOption } from './setting-options.js'

export const serve = command({
  name: 'serve',
  summary: 'keep one jobserver for several builds',
  options: [
    {
      name: 'fifo',
      kind: 'text',
      value: 'PATH',
      completes: { kind: 'file' },
      text: 'where to make the FIFO',
    },
    {
      name: 'jobs',
      letter: 'j',
      kind: 'number',
      value: 'N',
      text: 'how many slots it has (default: -jN of MAKEOPTS, else the cores)',
    },
    { name: 'mode', kind: 'text', value: 'MODE', text: 'who may use it (default: 600; 660 with --group)' },
    { name: 'user', kind: 'text', value: 'NAME', completes: { kind: 'user' }, text: 'the owner of the FIFO' },
    {
      name: 'group',
      kind: 'text',
      value: 'NAME',
      completes: { kind: 'group' },
      text: 'the group of the FIFO',
    },
    { name: 'resize', kind: 'number', value: 'N', text: 'change the jobserver that runs at PATH to N slots' },
    dirOption,
    ...configOptions,
    jsonOption,
  ],
  notes:
    'It prints the address for MAKEFLAGS once it is ready (and tells systemd), and removes the FIFO on SIGTERM and SIGINT. ' +
    'Tokens of killed shims and clients are put back within seconds. On SIGHUP it reads jobs from the config again.',
  examples: [
    {
      line: 'jobshim serve --fifo /run/jobshim/fifo -j16 --group portage',
      text: 'for all builds of a machine that have MAKEFLAGS="--jobserver-auth=fifo:/run/jobshim/fifo"',
    },
    { line: 'jobshim serve --fifo /run/jobshim/fifo --resize 8', text: 'eight slots from now on' },
  ],
  async run({ flags, workingDirectory, environment }) {
    if (flags.fifo === undefined)
      throw new Failure('serve: no FIFO named', 'jobshim serve --fifo PATH -j8', exitCodes.usage)
    const path = resolve(workingDirectory, flags.fifo)
    if (flags.resize !== undefined)
      return await resizeServer(path, flags.resize, flags.json ? 'json' : 'text')
    const readJobs = async (): Promise<number> =>
      (await loadSettings(flags, workingDirectory, environment)).jobs
    const settings = await loadSettings(flags, workingDirectory, environment)
    const look = await usableLook(settings.dir, environment)
    const ended = endings()
    const access = {
      mode: modeOf(flags.mode ?? (flags.group === undefined ? '600' : '660')),
      uid: flags.user === undefined ? undefined : idOf('passwd', 'user', flags.user),
      gid: flags.group === undefined ? undefined : idOf('group', 'group', flags.group),
    }
    assertReadable(path)
    const server = openServer(path, settings.jobs, access, look)
    process.on('SIGHUP', () => {
      readJobs()
        .then(jobs => {
          assertFits(jobs)
          wantSize(server.ledgerFd, jobs)
          wakeServer(path)
        })
        .catch(error => print(`jobshim: ${error instanceof Error ? error.message : error}\n`, 2))
    })
    const entry = enter(path, environment)
    try {
      const address = formatAuth({ kind: 'fifo', path })
      const ready = { jobserver: `fifo:${path}`, makeflags: address, tokens: settings.jobs, pid: process.pid }
      print(`${flags.json ? renderJson(ready) : address}\n`)
      if (environment.NOTIFY_SOCKET) spawnSync(look, ['ready'], { stdio: 'inherit' })
      await lookAfter(server, look, ended)
    } finally {
      if (entry !== undefined) removeEntry(entry)
      closeServer(server)
    }
    return exitCodes.ok
  },
})

// Whose builds use it is not known: some client may not join, or open another file.
function assertReadable(path: string): void {
  const fault = readingFault(path)
  if (fault !== undefined)
    throw new Failure(`${path}: ${fault}`, 'name a path that all clients read, such as /run/jobshim/fifo')
}

// For `status`, which has another way to be told: a server needs no state directory.
function enter(path: string, environment: NodeJS.ProcessEnv): string | undefined {
  try {
    return enterServer(ensureStateDirectory(environment), path)
  } catch {
    return undefined
  }
}

function endings(): Promise<void> {
  return new Promise(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

/** Serves until a signal comes. Throws `Failure` where the FIFO goes, or nobody can look after it. */
async function lookAfter(server: Server, look: string, ended: Promise<void>): Promise<void> {
  for (let short = 0; short < mostShort; ) {
    const began = performance.now()
    const caretaker = openCaretaker(look, process.env)
    const end = await Promise.race([ended.then(() => 'signal' as const), tendUntilEnd(server, caretaker)])
    await caretaker.end()
    if (end === 'signal') return
    if (end === 'gone')
      throw new Failure(
        `${server.path}: the FIFO is gone; builds that have it open go on without a server`,
        'start it anew: jobshim serve --fifo PATH -jN',
      )
    // Somebody killed it. The tokens are safe: we have the FIFO open, too.
    short = performance.now() - began < shortest ? short + 1 : 0
  }
  throw new Failure(`${look}: ends at once, and can't look after the FIFO`, 'see jobshim doctor')
}

const shortest = 1000 // ms
const mostShort = 3 // caretakers that live no longer, one after the other: then it is no accident

async function tendUntilEnd(server: Server, caretaker: Caretaker): Promise<'gone' | 'killed'> {
  const gone = new Promise<'gone'>(resolve => {
    caretaker.tend({ ...server, isFed: false }, (event: PoolEvent) => {
      if (event.kind === 'gone') resolve('gone')
      else if (event.kind === 'size') server.tokens = event.tokens
      else print(`${changeText(event)}\n`, 2)
    })
  })
  return await Promise.race([gone, caretaker.ended.then(() => 'killed' as const)])
}

const pause = 125 // ms between two looks whether a server has another size

async function resizeServer(path: string, jobs: number, form: 'text' | 'json'): Promise<number> {
  assertFits(jobs)
  if (isServed(path) === false)
    throw new Failure(`${path}: no jobshim serves it`, 'start one: jobshim serve --fifo PATH -jN')
  const ledgerFd = openLedger(path)
  try {
    wantSize(ledgerFd, jobs)
    wakeServer(path)
    for (let look = 0; look < 20 && readSize(ledgerFd, 'total') !== jobs; look++) await sleep(pause)
    const total = readSize(ledgerFd, 'total')
    const surplus = (total ?? 0) - jobs
    if (total === undefined || surplus < 0)
      throw new Failure(
        `${path}: still has ${total ?? 'an unknown number of'} tokens`,
        'check that its jobshim serve is not stopped, and that its user may have more pipe memory (pipe(7))',
      )
    const text = `${total} tokens${surplus === 0 ? '' : `, ${surplus} more as they come back`}`
    const resized = { jobserver: `fifo:${path}`, tokens: total, surplus }
    print(`${form === 'json' ? renderJson(resized) : text}\n`)
  } finally {
    closeSync(ledgerFd)
  }
  return exitCodes.ok
}

function openLedger(path: string): number {
  const ledger = ledgerOf(path)
  let fd: number
  try {
    fd = openSync(ledger, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw new Failure(
      `${ledger}: can't be opened (${systemErrorCode(error)})`,
      'resize it as the user who started it',
    )
  }
  const fifo = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (fifo && isLedger(fd, fifo)) return fd
  closeSync(fd)
  throw new Failure(`${ledger}: is not the ledger of that FIFO`, 'start its jobshim serve anew')
}

function modeOf(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8)
  throw new Failure(`--mode ${text}: not an octal mode`, 'such as 600 or 660', exitCodes.usage)
}

function idOf(database: 'passwd' | 'group', what: 'user' | 'group', name: string): number {
  const { stdout } = spawnSync('getent', [database, name], { encoding: 'utf8' })
  const [, id] = /^[^:\n]+:[^:\n]*:(\d{1,10}):.*\n$/.exec(stdout ?? '') ?? []
  if (id === undefined) throw new Failure(`${name}: no such ${what}`, `see getent ${database}`)
  return Number(id)
}
