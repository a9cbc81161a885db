import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { maySeeClone } from '../support/other-user.js'
import { killAll, type Process, processes, processesOf } from '../support/processes.js'
import { makeRecorder, type Recorder } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { openToOthers, writeFiles } from '../support/workspace.js'
import { type Box, boxes, mayHave, userOf } from '../yard/boxes.js'
import { type Held, killStarted, type Start, start } from '../yard/held.js'
import { waitersIn } from '../yard/ledger.js'
import { runLine } from '../yard/runs.js'
import { endServer, freeTokens, look, type Served, serve, sharing } from '../yard/served.js'
import { makeYard, type Yard } from '../yard/yard.js'

/** One pool inside and outside: a server on the host, and builds behind each wall, with the directory of the FIFO bound in. */

type Place = { yard: Yard; recorder: Recorder; enter: readonly string[]; as: readonly string[] }

const makefile = 'all: a b c d\na b c d:\n\t@gcc -E -x c /dev/null -o $@.i\n'
const brief = '#!/bin/sh\nexec sleep 0.03\n'

/** Its user's: the yard with `hold` and `brief`, a compiler that is recorded, and a place for the host's build and the box's. */
async function makePlace(box: Box): Promise<Place> {
  const yard = await makeYard('')
  yard.pool.close()
  const recorder = makeRecorder(join(yard.root, 'recorder'), { holdMs: 40 })
  writeFiles(yard.root, { 'bin/brief': brief, 'host/Makefile': makefile, 'box/Makefile': makefile })
  const path = `${join(yard.root, 'bin')}:${recorder.bin}:${process.env.PATH}`
  await installShims(yard.shims, { args: ['--tools', 'hold,brief,gcc'], env: { PATH: path } })
  const env = { ...yard.env, HOME: yard.root, PATH: `${yard.shims}:${path}` }
  if (box.user !== undefined) {
    chmodSync(yard.root, 0o755)
    openToOthers(yard.root)
    execFileSync('chown', ['-R', `${box.user}:${box.user}`, yard.root])
  }
  return {
    yard: { ...yard, env },
    recorder,
    enter: box.enter(yard.root),
    as: userOf(box),
  }
}

const serveAs = ({ yard, as }: Place, tokens: number): Promise<Served> => serve(tokens, { yard, wrap: as })

/** Starts a line of the shell on the host, or in the box. */
const onHost = (place: Place, served: Served, line: string, rest: Start = {}): Held =>
  start({ env: sharing(served, 4), command: [...place.as, 'sh', '-c', line], ...rest })

const inBox = (place: Place, served: Served, line: string, rest: Start = {}): Held =>
  start({ env: sharing(served, 4), command: [...place.as, ...place.enter, 'sh', '-c', line], ...rest })

const two = 'exec 9<&0; hold <&9 & hold <&9 & wait'

function testIn(box: Box, title: string, body: (place: Place) => Promise<void>): void {
  const may = () => mayHave(box) && (box.user === undefined || maySeeClone)
  testWith(box.needs, `namespaces :: ${box.name} :: ${title}`, async () => body(await makePlace(box)), {
    isLong: !box.isUsual,
    may,
  })
}

/** All that was started and still runs in there; what bwrap and unshare have made themselves a session of counts, too. */
const restOf = ({ pid }: Held): Process[] => {
  const all = processes().filter(({ state }) => state !== 'Z')
  const found = new Set([pid, ...processesOf(pid).map(process => process.pid)])
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  return all.filter(({ pid }) => found.has(pid))
}

/** Ends the box as a whole, in no time: by its init, or each process. */
async function killBox(box: Box, held: Held): Promise<void> {
  if (!box.hasInit) killAll(restOf(held))
  await held.kill()
  await until('nothing of it is left', () => restOf(held).length === 0)
}

const isToolOf = (root: string, { command }: Process): boolean => command.endsWith(`${root}/bin/hold`)
const isLauncher = ({ command }: Process): boolean => command === 'hold'

for (const box of boxes) {
  testIn(box, 'killed as a whole, its tokens come back, and who waits gets them', async place => {
    const served = await serveAs(place, 2)
    const inside = inBox(place, served, two, { wanted: 2 })
    await inside.tools
    assert.is(freeTokens(served), 1) // one runs in the slot that tools without a client share, in all namespaces
    const outside = onHost(place, served, 'hold')
    await outside.tools
    assert.is(freeTokens(served), 0)
    const waiter = inBox(place, served, two, { wanted: 2 })
    await until('both of the third wait', () => waitersIn(`${served.fifo}.ledger`) === 2)
    assert.is(waiter.output.stdout, '')
    await killBox(box, inside)
    await waiter.tools
    assert.is(freeTokens(served), 0)
    assert.is((await outside.end()).status, 7)
    await waiter.end()
    await until('all tokens are back', () => freeTokens(served) === 2)
    assert.equal(look(served, 'census').slice(0, 3), ['2', '0', ''])
    await endServer(served)
  })

  testIn(box, 'single tools and launchers in it are killed, their slots go on to others', async place => {
    const served = await serveAs(place, 1)
    const held = inBox(place, served, two, { wanted: 2 })
    await held.tools
    const waiters = [onHost(place, served, 'hold'), inBox(place, served, 'hold')]
    await until('two wait', () => waitersIn(`${served.fifo}.ledger`) === 2)
    const kill = (isVictim: (one: Process) => boolean): void =>
      killAll(restOf(held).filter(isVictim).slice(0, 1))
    kill(one => isToolOf(place.yard.root, one))
    await Promise.any(waiters.map(({ tools }) => tools))
    kill(isLauncher)
    for (const waiter of waiters) await waiter.tools
    for (const waiter of waiters) assert.is((await waiter.end()).status, 7)
    await until('both have ended', () => restOf(held).every(({ command }) => !command.includes('hold')))
    await held.end()
    await until('the token is back', () => freeTokens(served) === 1)
    await endServer(served)
  })

  testIn(box, 'one limit for host and box, at one, two and three', async place => {
    for (const tokens of [1, 2, 3]) {
      const served = await serveAs(place, tokens)
      const line = (at: string): string =>
        `cd ${place.yard.root}/${at} || exit; for i in 1 2; do gcc -E -x c /dev/null -o $i.i & done; make -s; s=$?; rm -f *.i; wait; exit $s`
      place.recorder.take()
      const builds = [onHost(place, served, line('host')), inBox(place, served, line('box'))]
      for (const build of builds) {
        const { status, stdout, stderr } = await build.ended
        assert.equal({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
      }
      const { runs, peak, unfinished } = place.recorder.take()
      assert.equal({ runs, unfinished }, { runs: 12, unfinished: 0 })
      assert.ok(peak <= tokens + 1, `${peak} at once, of ${tokens} tokens and the slot that all share`)
      await until('all tokens are back', () => freeTokens(served) === tokens)
      await endServer(served)
    }
  })

  // Who has processes of its own sees no client, and asks the caretaker; not from another network, nor as a run begins.
  const more = box.hasInit ? 1 : 0
  testIn(
    box,
    `below jobshim run -jN, beside what runs outside: N at once${more ? ', and one more' : ''}`,
    async ({ yard, recorder, enter, as }) => {
      for (const jobs of [1, 3]) {
        const tools = (at: string): string =>
          `for i in 1 2 3 4; do gcc -E -x c /dev/null -o ${at}/$i.i & done; wait`
        const script = `${enter.map(quoted).join(' ')} sh -c '${tools('box')}' & ${tools('host')}`
        recorder.take()
        const held = start({
          env: yard.env,
          command: [
            ...as,
            'env',
            '-C',
            yard.root,
            ...runLine(yard, '-q', `-j${jobs}`, '--', 'sh', '-c', script),
          ],
        })
        const { status, stdout, stderr } = await held.ended
        assert.equal({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' })
        const { runs, peak, unfinished } = recorder.take()
        assert.equal({ runs, unfinished }, { runs: 8, unfinished: 0 })
        assert.ok(peak <= jobs + more, `${peak} at once under -j${jobs}`)
      }
    },
  )
}

/** Who waits behind such a wall can't be called by those before it: each has to look by itself. */
for (const box of boxes.filter(({ name }) => /--net$|--unshare-all$/.test(name)))
  for (const [jobs, busy, waits] of [
    [1, 'host', 'box'],
    [1, 'box', 'host'],
    [2, 'host', 'box'],
    [2, 'box', 'host'],
  ] as const)
    testIn(
      box,
      `run -j${jobs} :: five are always busy in the ${busy} :: the ${waits} gets its turns`,
      async place => {
        const { yard, enter, as } = place
        const at = (where: 'host' | 'box'): string => (where === 'box' ? enter.map(quoted).join(' ') : '')
        const forever = `while :; do brief; done`
        const turns = 'for i in 1 2 3 4 5 6; do brief || exit; done; echo served'
        const script = [
          ...Array.from({ length: 5 }, () => `${at(busy)} sh -c '${forever}' & busy="$busy $!"`),
          `${at(waits)} sh -c '${turns}'; kill $busy; wait`,
        ].join('\n')
        const held = start({
          env: yard.env,
          command: [...as, ...runLine(yard, '-q', `-j${jobs}`, '--', 'sh', '-c', script)],
        })
        await until('it was served six times', () => held.output.stdout === 'served\n')
        killAll(restOf(held))
        await held.kill()
      },
    )

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

test.after.each(killStarted)

test.run()
