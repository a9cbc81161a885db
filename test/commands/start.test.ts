import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
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

test('start :: compiled code :: is in the directory for caches, which is made for this user alone', async () => {
  const home = makeWorkspace()
  const cache = join(home, 'cache')
  mkdirSync(cache, { mode: 0o700 })
  const script = [join(repository, 'bin/jobshim.js'), 'completion', 'bash']
  const environment = { HOME: home, XDG_CACHE_HOME: cache }
  const off = await run(process.execPath, script, {
    env: { ...environment, NODE_DISABLE_COMPILE_CACHE: '1' },
  })
  assert.equal([off.status, readdirSync(cache)], [0, []])
  const { status } = await run(process.execPath, script, { env: environment })
  assert.equal([status, readdirSync(cache)], [0, ['jobshim']])
})

/** Copies what a start loads. Returns how to start it, with a cache of its own in `cache`. */
function copied(): { bundle: string; cache: string; complete: (options?: string) => ReturnType<typeof run> } {
  const home = makeWorkspace('copied')
  for (const place of ['bin', 'dist/bundle'])
    cpSync(join(repository, place), join(home, place), { recursive: true })
  return {
    bundle: join(home, 'dist/bundle/commands-completion.cjs'),
    cache: join(home, '.cache/jobshim'),
    complete: options =>
      run(process.execPath, [join(home, 'bin/jobshim.js'), 'completion', 'sh'], {
        env: { HOME: home, XDG_CACHE_HOME: undefined, NODE_OPTIONS: options },
      }),
  }
}

test('start :: compiled code :: of a bundle that was replaced, by one of the same length :: is not run', async () => {
  const { bundle, complete } = copied()
  const first = await complete()
  assert.match(first.stderr, /one of bash/)
  writeFileSync(bundle, readFileSync(bundle, 'utf8').replaceAll('one of', 'ONE OF'))
  const second = await complete()
  assert.is(second.stderr, first.stderr.replace('one of', 'ONE OF'))
})

test('start :: compiled code :: of a Node with other options :: is kept beside it', async () => {
  const { cache, complete } = copied()
  const first = await complete()
  const identities = () => readdirSync(cache).map(name => [name, statSync(join(cache, name)).mtimeMs])
  const made = identities()
  assert.equal(await complete('--max-old-space-size=4000'), first)
  const both = identities()
  assert.is(both.length, 2 * made.length)
  assert.equal(await complete(), first)
  assert.equal(await complete('--max-old-space-size=4000'), first)
  assert.equal(identities(), both)
})

test('start :: compiled code :: a half of it, a damaged one, or what is none :: is made anew', async () => {
  const { cache, complete } = copied()
  const first = await complete()
  const names = readdirSync(cache)
  const path = join(cache, names.find(name => name.endsWith('completion.cjs')) ?? '')
  const whole = readFileSync(path)
  const damaged = [0.1, 0.3, 0.5, 0.7, 0.9].map(at => {
    const copy = Buffer.from(whole)
    copy.fill(0x55, Math.floor(whole.length * at), Math.floor(whole.length * at) + 64)
    return copy
  })
  const head = whole.subarray(0, whole.indexOf('\n') + 1)
  for (const part of [
    whole.subarray(0, whole.length / 2),
    head,
    ...damaged,
    Buffer.from('none'),
    Buffer.alloc(0),
  ]) {
    writeFileSync(path, part)
    assert.equal(await complete(), first)
    assert.equal([readdirSync(cache), statSync(path).mode & 0o777], [names, 0o600])
    assert.ok(readFileSync(path).length > (whole.length * 3) / 4) // V8 is free to pad it
  }
})

test.run()
