/** A setup that is killed: --undo takes back whatever it has done by then. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeHome } from '../support/home.js'
import { scrubbed } from '../support/jobshim.js'
import { pictureOf } from '../support/picture.js'
import { random, seed } from '../support/random.js'
import { repository } from '../support/workspace.js'

// What docs/commands.md says: the directory of setup.json, as long as that was not written.
const isLeft = /^\["\.local(\/share(\/jobshim(\/\.jobshim-[0-9a-f]{16})?)?)?"/

const kills = 12
const latestMs = 600 // about as long as it takes

test(`setup :: killed at ${kills} moments :: --undo leaves all as before :: seed ${seed}`, async () => {
  const { home, env, told } = await makeHome({ files: { '.bashrc': 'a=1' }, shells: 'bash,fish' })
  const before = pictureOf(home)
  const next = random(seed)
  for (let kill = 0; kill < kills; kill++) {
    const words = [join(repository, 'bin/jobshim.js'), 'setup', '--yes', '--shell', 'bash,fish']
    const setup = spawn(process.execPath, words, { env: scrubbed(env), stdio: 'ignore' })
    const ended = once(setup, 'exit')
    await Promise.race([ended, sleep((latestMs * (kill + next())) / kills)])
    setup.kill('SIGKILL')
    await ended
    await told('--undo')
    const after = pictureOf(home).filter(line => !isLeft.test(line))
    assert.equal(after, before, `kill ${kill}`)
  }
  await told('--yes')
  await told('--undo')
  assert.equal(
    pictureOf(home).filter(line => !isLeft.test(line)),
    before,
  )
})

test('setup :: killed while it wrote files :: --undo removes what was to become them, also behind a link', async () => {
  const { home, told } = await makeHome({
    files: { '.profile': 'b=2', 'dotfiles/bashrc': 'a=1', 'dotfiles/.jobshim-mine': 'c=3' },
    shells: 'bash,fish',
    prepare: home => symlinkSync('dotfiles/bashrc', join(home, '.bashrc')),
  })
  const before = pictureOf(home)
  await told('--yes')
  const unfinished = ['', 'dotfiles', '.config/fish/conf.d', '.local/share/jobshim'].map(directory =>
    join(home, directory, '.jobshim-0123456789abcdef'),
  )
  for (const path of unfinished) writeFileSync(path, 'a=')
  rmSync(join(home, '.config/fish/conf.d/zz-jobshim.fish'))
  await told('--undo')
  assert.equal(pictureOf(home), before)
})

test.run()
