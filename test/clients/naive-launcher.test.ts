import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { buildLauncher } from '../support/built.js'
import { type ClientKey, findClient } from '../support/clients.js'
import { makeSite, type Site } from '../support/driver.js'
import { run, scrubbed } from '../support/jobshim.js'
import { recipeForms } from '../support/makefiles.js'
import { describe, killAll, type Process, processesOf } from '../support/processes.js'
import { installShims } from '../support/shimdir.js'
import { writeSources } from '../support/sources.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/**
 * A launcher that takes a token although its caller holds the slot must hang below make: this shows that
 * callers-jobserver.test.ts would see it.
 */
const pollMs = 25
const stillPolls = 20 // that many times the same picture of sleeping processes
const pollLimit = 2400
const attempts = 10 // a build that gets through by luck is started again

const directory = makeWorkspace()
const naive = { launcher: join(directory, 'launcher'), look: join(directory, 'look') }

/** Builds the launcher that always takes a token, never the implicit slot, and never runs out of patience. */
test.before(() => {
  for (const name of ['launcher', 'look'] as const) buildLauncher(naive[name], { wraps: ['naive.c'] }, name)
})

/** CPU time that a process has used, in clock ticks. */
function ticks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return -1 // gone meanwhile
  }
}

const isLauncher = (shims: string, { pid }: Process): boolean =>
  readlinkSync(`/proc/${pid}/exe`).startsWith(join(shims, '.jobshim/'))

const picture = (found: readonly Process[]): string =>
  found.map(({ pid, state }) => `${pid} ${state} ${ticks(pid)}`).join('\n')

/** Returns the processes of a build in which all sleep for good and launchers wait; undefined if it ended. */
async function watchForDeadlock(session: number, shims: string, ended: () => boolean) {
  let before = ''
  let still = 0
  for (let poll = 0; poll < pollLimit && !ended(); poll += 1) {
    const found = processesOf(session)
    const now = picture(found)
    const asleep = found.length > 0 && found.every(({ state }) => state === 'S')
    still = asleep && now === before ? still + 1 : 0
    if (still === stillPolls) return { found, waiting: found.filter(one => isLauncher(shims, one)) }
    before = now
    await sleep(pollMs)
  }
  return undefined
}

async function attempt(site: Site, shims: string, args: readonly string[]) {
  const child = spawn('make', ['-B', ...args], {
    cwd: site.directory,
    env: scrubbed({ PATH: `${shims}:${site.path}`, TMPDIR: site.directory }), // a killed make 4.4 leaves its FIFO
    detached: true,
    stdio: 'ignore',
  })
  let over = false
  const end = new Promise<void>(resolve =>
    child.on('close', () => {
      over = true
      resolve()
    }),
  )
  const session = child.pid ?? -1
  const stuck = await watchForDeadlock(session, shims, () => over)
  killAll(processesOf(session))
  await end
  return stuck
}

const forms = ['direct cc', '$(MAKE) nested']

const callers: readonly { name: string; key: ClientKey; args: readonly string[] }[] = [
  { name: 'make 4.3', key: 'make43', args: ['-j2'] },
  { name: 'make 4.4 fifo', key: 'make44', args: ['-j2', '--jobserver-style=fifo'] },
  { name: 'make 4.4 pipe', key: 'make44', args: ['-j2', '--jobserver-style=pipe'] },
]

for (const { name, key, args } of callers)
  for (const form of recipeForms.filter(({ name }) => forms.includes(name))) {
    const title = `naive launcher :: hangs :: ${name} :: ${form.name}`
    if (findClient(key) === undefined) {
      test.skip(title)
      continue
    }
    test(title, async () => {
      const site = makeSite({ needs: [key] })
      mkdirSync(site.directory)
      writeSources(site.directory)
      writeFiles(site.directory, form.files)
      const around = { env: { PATH: site.path } }
      const shims = await installShims(join(makeWorkspace(), 'shims'), { ...around, ...naive })
      let stuck: Awaited<ReturnType<typeof attempt>>
      for (let tries = 0; tries < attempts && stuck === undefined; tries += 1)
        stuck = await attempt(site, shims, args)
      assert.ok(stuck, `the naive launcher got through ${attempts} times`)
      assert.ok(stuck.waiting.length > 0, describe(stuck.found))
      const real = await installShims(join(makeWorkspace(), 'shims'), around)
      const governed = await run('make', ['-B', ...args], {
        cwd: site.directory,
        env: { PATH: `${real}:${site.path}` },
      })
      assert.is(governed.status, 0, governed.stderr)
    })
  }

test.run()
