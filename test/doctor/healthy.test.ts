/** A machine with nothing wrong, and a shell that has the shims: the real programs, PATH as it is here. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test as uvu } from 'uvu'
import * as assert from 'uvu/assert'
import { run, scrubbed } from '../support/jobshim.js'
import { asUser, makeDirectoryOf, nobody, testAsOthers } from '../support/other-user.js'
import { makeWorkspace, openToOthers } from '../support/workspace.js'
import { commandsIn } from './advised.js'

/** What a person types: shims, then a shell that has them, then doctor. */
const typed = 'jobshim install >/dev/null && eval "$(jobshim env)" && exec jobshim doctor "$@"'

/** The same as one who has never used jobshim. `before`: what makes it another user. */
async function assertHealthy(root: string, before: readonly string[]): Promise<void> {
  const env = scrubbed({
    HOME: join(root, 'home'),
    XDG_RUNTIME_DIR: join(root, 'run'),
    XDG_DATA_HOME: join(root, 'home/data'),
    XDG_CONFIG_HOME: join(root, 'home/config'),
    PATH: `${commandsIn(root)}:${process.env.PATH}`,
    SHELL: '/bin/bash',
  })
  for (const args of [[], ['--json']]) {
    const [program = '', ...words] = [...before, 'bash', '-c', typed, 'bash', ...args]
    const { status, stdout, stderr } = await run(program, words, { cwd: join(root, 'home'), env })
    assert.equal({ status, stderr }, { status: 0, stderr: '' }, stdout)
    if (args.length === 0) {
      assert.not.match(stdout, /^broken/m)
      assert.match(stdout, /\n\d\d checks ok\n$/)
      continue
    }
    const { checks } = JSON.parse(stdout) as { checks: { name: string; state: string }[] }
    const ofMachine = [
      'launcher build',
      'launcher speed',
      'sandbox',
      'login shells',
      'kernel',
      '/proc',
      'ninja',
    ]
    const notes = checks.filter(({ state }) => state !== 'ok').map(({ name }) => name)
    assert.equal(
      notes.filter(name => !ofMachine.includes(name)),
      ['jobserver'], // a shell whose tools have no limit
      stdout,
    )
  }
}

uvu('doctor :: healthy :: a shell after eval "$(jobshim env)" :: no problem, and exit 0', async () => {
  const root = makeWorkspace()
  for (const name of ['home', 'run']) mkdirSync(join(root, name), { mode: 0o700 })
  await assertHealthy(root, [])
})

testAsOthers('doctor :: healthy :: the same as another user', async () => {
  const root = makeWorkspace()
  openToOthers(root)
  for (const name of ['home', 'run']) makeDirectoryOf(nobody, join(root, name))
  await assertHealthy(root, asUser(nobody))
})

uvu.run()
