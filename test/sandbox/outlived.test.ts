/** What starts after the end of `run`, or of its supervisor, is as without jobshim, whoever of those that answer is stopped or killed. */
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, copyFileSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { processes } from '../support/processes.js'
import { test } from '../support/test-with.js'
import { until } from '../support/until.js'
import { repository, writeFiles } from '../support/workspace.js'
import { makeSandboxPlace, type SandboxPlace, supervisorOf, supervisorsOf, waitersAs } from './place.js'

/** By what names the program of these libcs is there. */
const hasMusl = spawnSync('musl-gcc', ['--version']).status === 0
const libcs = hasMusl ? ['glibc', 'musl'] : ['glibc']

const python = `import os, threading
thread = threading.Thread(target=print, args=('thread',))
thread.start()
thread.join()
child = os.fork()
if child == 0:
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`

type Tellers = SandboxPlace & { numbers: string; bare: string } // what is told without jobshim

/** A place whose file `all` starts programs that tell what they know of themselves: their first thread, threads, forks, an abort. */
async function makeTellers(): Promise<Tellers> {
  const place = await makeSandboxPlace()
  const { root } = place
  const source = join(repository, 'test/support/own-number.c')
  execFileSync('cc', ['-O1', '-pthread', '-o', join(root, 'glibc'), source])
  if (hasMusl) execFileSync('musl-gcc', ['-O1', '-static', '-o', join(root, 'musl'), source])
  const numbers = libcs.map(name => `./${name}; echo $?\n`).join('')
  writeFiles(root, {
    'threads.py': python,
    numbers,
    all: `${numbers}nproc\npython3 threads.py\nsh -c 'kill -ABRT $$' 2>/dev/null; echo $?\n`,
  })
  const tell = (file: string): string => execFileSync('sh', [file], { cwd: root, encoding: 'utf8' })
  return { ...place, numbers: tell('numbers'), bare: tell('all') }
}

type Daemon = {
  command: string // of a shell
  tell: () => Promise<string> // what its programs say, started once more
  end: () => Promise<void>
}

function makeDaemon({ root }: Tellers): Daemon {
  execFileSync('mkfifo', [join(root, 'gate')])
  const gate = openSync(join(root, 'gate'), 'r+')
  let count = 0
  const work =
    'exec <gate; while read -r n && [ $n != end ]; do sh all >new 2>&1; mv new told.$n; done; : >ended'
  return {
    command: `setsid sh -c '${work}' >/dev/null 2>&1 &`,
    async tell() {
      const file = join(root, `told.${++count}`)
      writeSync(gate, `${count}\n`)
      await until(`the daemon has told ${count}`, () => existsSync(file))
      return readFileSync(file, 'utf8')
    },
    async end() {
      writeSync(gate, 'end\n')
      await until('the daemon has ended', () => existsSync(join(root, 'ended')))
      closeSync(gate)
    },
  }
}

const nobodyIsLeft = (place: SandboxPlace): Promise<void> =>
  until('nobody answers any more', () => supervisorsOf(place).length === 0)

test('sandbox :: outlived :: a daemon after the end of run :: its programs are as without jobshim', async () => {
  const place = await makeTellers()
  const daemon = makeDaemon(place)
  const { status, stderr } = await place.run(1, ['sh', '-c', daemon.command])
  assert.is(status, 0, stderr)
  assert.is(await daemon.tell(), place.bare)
  await daemon.end()
  await nobodyIsLeft(place)
})

test('sandbox :: outlived :: after the end of run each that answers is stopped, and killed :: no program waits for it', async () => {
  const place = await makeTellers()
  const daemon = makeDaemon(place)
  await place.run(1, ['sh', '-c', daemon.command])
  const isPair = (): boolean => supervisorsOf(place).length === 2
  await until('one answers, and one looks after it', isPair)
  for (const { pid } of supervisorsOf(place)) {
    process.kill(pid, 'SIGSTOP')
    assert.is(await daemon.tell(), place.bare)
    process.kill(pid, 'SIGCONT')
  }
  const above = supervisorOf(place) ?? 0
  const below = supervisorsOf(place).find(({ parent }) => parent === above)
  process.kill(below?.pid ?? 0, 'SIGKILL')
  assert.is(await daemon.tell(), place.bare)
  await until('another one answers', isPair)
  process.kill(above, 'SIGKILL')
  assert.is(await daemon.tell(), place.bare)
  await daemon.end()
  await nobodyIsLeft(place)
})

test('sandbox :: outlived :: run is killed, and then its supervisor stopped :: no program waits for it', async () => {
  const place = await makeTellers()
  const daemon = makeDaemon(place)
  execFileSync('mkfifo', [join(place.root, 'over')])
  const over = openSync(join(place.root, 'over'), 'r+')
  const running = place.run(1, ['sh', '-c', `${daemon.command} read -r line <over`])
  assert.is(await daemon.tell(), place.bare)
  const supervisor = supervisorOf(place) ?? 0
  const run = processes().find(({ pid }) => pid === supervisor)?.parent ?? 0
  process.kill(run, 'SIGKILL')
  for (let times = 0; times < 20 && supervisorOf(place) === supervisor; times++)
    process.kill(supervisor, 'SIGSTOP')
  writeSync(over, 'x\n')
  closeSync(over)
  assert.is((await running).signal, 'SIGKILL')
  assert.is(await daemon.tell(), place.bare)
  await daemon.end()
  await nobodyIsLeft(place)
})

test('sandbox :: outlived :: the supervisor is killed :: what waits, and what starts later, is as without jobshim', async () => {
  const place = await makeTellers()
  const { root } = place
  execFileSync('mkfifo', [join(root, 'gate')])
  const gate = openSync(join(root, 'gate'), 'r+')
  copyFileSync('/bin/sh', join(root, 'tools/gcc-9'))
  const tools = libcs.map((name, index) => {
    const tool = join(root, `tools/gcc-${index + 10}`)
    copyFileSync(join(root, name), tool)
    return tool
  })
  const waits = tools.map(tool => `(${tool} -c x; echo $?) >${tool}.told &`).join('\n')
  const script = `gcc-9 -c 'echo >begun; read -r line <gate' &
until [ -e begun ]; do sleep 0.02; done
${waits}
wait; cat tools/*.told; sh all; exit 7`
  const running = place.run(1, ['sh', '-c', script])
  await until('all wait', () => tools.every(tool => waitersAs(tool).length === 1))
  process.kill(supervisorOf(place) ?? 0, 'SIGKILL')
  writeSync(gate, 'go\n')
  const { status, stdout, stderr } = await running
  closeSync(gate)
  assert.is(status, 7, stderr)
  assert.is(stdout, `${place.numbers}${place.bare}`)
  await nobodyIsLeft(place)
})

test.run()
