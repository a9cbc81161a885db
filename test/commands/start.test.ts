import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { commandTable } from '../../src/commands/command-table.js'
import { packageVersion } from '../../src/ground/version.js'
import { run } from '../support/jobshim.js'
import { buildOf, journalOf } from '../support/journals.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const unbuilt = makeWorkspace('unbuilt')
cpSync(join(repository, 'bin'), join(unbuilt, 'bin'), { recursive: true })

for (const [words, status] of [
  [['--version'], 1],
  [['list'], 1],
  [['run', '--', 'true'], 125],
  [['exec', '--', 'true'], 125],
] as const) {
  test(`start :: a checkout that is not built :: jobshim ${words.join(' ')} :: says so in one line`, async () => {
    assert.equal(await run(process.execPath, [join(unbuilt, 'bin/jobshim.js'), ...words]), {
      status,
      signal: null,
      stdout: '',
      stderr: `jobshim: this checkout is not built: npm ci && npm run build in ${unbuilt}\n`,
    })
  })
}

/** Unpacks what npm would publish, where no other package is. */
async function unpack(): Promise<string> {
  const root = makeWorkspace('packed')
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', root]
  const packed = await run('npm', pack, { cwd: repository, env: { npm_config_cache: join(root, 'cache') } })
  assert.is(packed.status, 0)
  const unpacked = await run('tar', ['-xzf', join(root, packed.stdout.trim()), '-C', root])
  assert.equal(unpacked, { status: 0, signal: null, stdout: '', stderr: '' })
  return join(root, 'package')
}

test('start :: the package :: has all that its commands load, and needs no other package', async () => {
  const home = await unpack()
  const jobshim = (...words: string[]) =>
    run(process.execPath, [join(home, 'bin/jobshim.js'), ...words], { cwd: home, env: { HOME: home } })
  assert.equal(await jobshim('--version'), {
    status: 0,
    signal: null,
    stdout: `${packageVersion()}\n`,
    stderr: '',
  })
  const helps = join(repository, 'test/commands/help')
  for (const { name } of [...commandTable, { name: 'overview' }])
    assert.equal(await jobshim(...(name === 'overview' ? [] : name.split(' ')), '--help'), {
      status: 0,
      signal: null,
      stdout: readFileSync(join(helps, `${name}.txt`), 'utf8'),
      stderr: '',
    })
  for (const shell of ['bash', 'fish', 'zsh']) {
    const { status, stdout } = await jobshim('completion', shell)
    assert.is(status, 0)
    assert.match(stdout, /jobshim run|_jobshim/)
  }
})

test('start :: the package :: what stands apart is there: a config, a picture, a page, the nearest name', async () => {
  const home = await unpack()
  const jobshim = (...words: string[]) =>
    run(process.execPath, [join(home, 'bin/jobshim.js'), ...words], {
      cwd: home,
      env: { HOME: home, XDG_DATA_HOME: join(home, 'data') },
    })
  const misspelt = await jobshim('lsit')
  assert.is(misspelt.stderr, "jobshim: unknown command 'lsit'\n  did you mean list? see jobshim --help\n")
  writeFiles(home, { config: 'jobs: 2\n' })
  const stderr = `jobshim: installed the shims in ${join(home, 'data/jobshim/shims')}\n`
  const build = await jobshim('run', '-q', '--config', 'config', '--', 'true')
  assert.equal(build, { status: 0, signal: null, stdout: '', stderr })
  const journal = join(home, 'build.jsonl')
  writeFileSync(journal, journalOf(buildOf({ runs: 3, jobs: 2 })))
  for (const suffix of ['html', 'svg', 'json']) {
    const output = join(home, `x.${suffix}`)
    const drawn = await jobshim('timeline', journal, '-o', output)
    assert.is(drawn.status, 0, drawn.stderr)
    assert.ok(existsSync(output))
  }
})

test('start :: where Node has a compile cache :: it is in the directory for caches, which is made for this user alone', async () => {
  const home = makeWorkspace()
  const cache = join(home, 'cache')
  mkdirSync(cache, { mode: 0o700 })
  const script = [join(repository, 'bin/jobshim.js'), 'completion', 'bash']
  const { status } = await run(process.execPath, script, { env: { HOME: home, XDG_CACHE_HOME: cache } })
  assert.is(status, 0)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const hasCache = major > 22 || (major === 22 && minor >= 8)
  assert.equal(readdirSync(cache), hasCache ? ['jobshim'] : [])
})

test.run()
