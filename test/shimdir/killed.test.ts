import { spawn } from 'node:child_process'
import { existsSync, lstatSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseManifest } from '../../src/shimdir/manifest.js'
import { parseWish } from '../../src/shimdir/wish.js'
import { type Bench, links, makeBench, picture } from '../support/fake-tools.js'
import { scrubbed } from '../support/jobshim.js'
import { random, seed } from '../support/random.js'
import { repository, writeFiles } from '../support/workspace.js'

const tools = Array.from({ length: 40 }, (_, index) => `tool${index}`)
const whole = { '.jobshim': 'directory', ...links(...tools) }
const mostLooks = 15_000
const rounds = 12

console.log(`JOBSHIM_TEST_SEED=${seed}`)
const chance = random(seed)

let interrupted = 0 // times that the lock was held when we struck, or just before

/** Starts a command, and kills it some looks at the dir after it has taken the lock. */
async function kill(bench: Bench, words: readonly string[], looks: number): Promise<void> {
  const { dir, root, path } = bench
  const child = spawn(process.execPath, [join(repository, 'bin/jobshim.js'), ...words, '--dir', dir], {
    cwd: root,
    env: scrubbed({ PATH: path, HOME: root }),
    stdio: 'ignore',
  })
  const end = new Promise(resolve => child.on('exit', resolve))
  // The lock is held for milliseconds only: look without a pause, but not for ever.
  const lock = join(dir, '.jobshim.lock')
  for (let turn = 0; turn < 1e6 && child.exitCode === null && !existsSync(lock); turn++)
    await new Promise(resolve => setImmediate(resolve))
  if (existsSync(lock)) interrupted++
  for (let look = 0; look < looks; look++) existsSync(dir)
  child.kill('SIGKILL')
  await end
}

/** What has to hold at any moment: foreign files untouched, no link of ours unknown to the manifest. */
function check({ dir }: Bench): void {
  if (!existsSync(dir)) return
  const manifest = join(dir, '.jobshim/manifest.json')
  const known = existsSync(manifest) ? parseManifest(readFileSync(manifest, 'utf8')) : undefined
  if (existsSync(manifest)) assert.ok(known, 'the manifest is readable')
  for (const name of tools) {
    if (!lstatSync(join(dir, name), { throwIfNoEntry: false })) continue
    assert.is(readlinkSync(join(dir, name)), `.jobshim/bin/${name}`)
    assert.ok(
      known?.links.some(link => link.name === name),
      `${name} is known`,
    )
    assert.ok(existsSync(join(dir, name)), `${name} leads to a launcher`)
  }
  const toolFiles = join(dir, '.jobshim/tools')
  for (const name of existsSync(toolFiles) ? Object.keys(picture(toolFiles)) : [])
    if (readFileSync(join(toolFiles, name), 'utf8').includes('rules='))
      assert.is(readFileSync(join(dir, '.jobshim/rules'), 'utf8'), 'load=4.00\n')
  const wanted = join(dir, '.jobshim/wanted')
  if (existsSync(wanted)) assert.ok(parseWish(readFileSync(wanted, 'utf8')), 'what is wanted is whole')
}

/** Gives the config a rule, or takes it away again. */
const rule = ({ root }: Bench, is: boolean): void => writeFiles(root, { '.jobshimrc': is ? 'load: 4\n' : '' })

test('install :: killed half way, again and again :: the next one makes it whole', async () => {
  const bench = makeBench(tools)
  const { call, dir } = bench
  for (let round = 0; round < rounds; round++) {
    const ruled = round % 2 === 0
    rule(bench, ruled)
    await kill(bench, ['install', '--tools', tools.join(',')], mostLooks * chance())
    check(bench)
    const { status, stderr } = await call('install', '--tools', tools.join(','))
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
    assert.equal(picture(dir), whole)
    assert.equal(picture(join(dir, '.jobshim')), {
      bin: 'directory',
      costs: 'directory',
      launcher: 'file',
      look: 'file',
      'manifest.json': 'file',
      tools: 'directory',
      versions: 'directory',
      wanted: 'file',
      ...(ruled ? { rules: 'file' } : {}),
    })
    check(bench)
    rmSync(dir, { recursive: true })
  }
  assert.ok(interrupted > 0, 'some were killed while they held the lock')
})

test('install :: killed half way :: uninstall leaves only what is foreign', async () => {
  const bench = makeBench(tools)
  const { call, dir } = bench
  for (let round = 0; round < rounds; round++) {
    rule(bench, round % 2 === 1)
    assert.is((await call('install', '--tools', tools.slice(0, 9).join(','))).status, 0)
    writeFileSync(join(dir, 'notes'), 'mine')
    writeFiles(dir, { '.jobshim/costs/tool0': 'counted' })
    rule(bench, round % 2 === 0) // rules come on the even rounds, and are there to go on the odd ones
    await kill(bench, ['install', '--tools', tools.slice(5).join(',')], mostLooks * chance())
    check(bench)
    const { status, stderr } = await call('uninstall')
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
    assert.equal(picture(dir), { notes: 'file' })
  }
  assert.is(readFileSync(join(dir, 'notes'), 'utf8'), 'mine')
})

test('uninstall :: killed half way :: uninstall or install again', async () => {
  const bench = makeBench(tools)
  const { call, dir } = bench
  for (let round = 0; round < rounds; round++) {
    rule(bench, true)
    assert.is((await call('install', '--tools', tools.join(','))).status, 0)
    await kill(bench, ['uninstall'], mostLooks * chance())
    const again = round % 2 === 0 ? ['uninstall'] : ['install', '--tools', tools.join(',')]
    const { status, stderr } = await call(...again)
    assert.equal({ status, stderr }, { status: 0, stderr: '' })
    if (round % 2 === 0) assert.not(existsSync(dir))
    else assert.equal(picture(dir), whole)
  }
})

test.run()
