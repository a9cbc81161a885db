import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findTool } from '../../src/shimdir/real-tools.js'
import { ccachePrefixes } from '../../src/tools/ccache-config.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

const program = findTool('ccache', (process.env.PATH ?? '').split(':'))

const longAgo = new Date('2020-01-01')

/** A ccache with a config of its own, `config`, and what is kept of it, `kept`. */
function makeHome(text: string) {
  const home = makeWorkspace()
  const config = join(home, 'ccache.conf')
  writeFiles(home, { 'ccache.conf': text })
  utimesSync(config, longAgo, longAgo)
  const environment: NodeJS.ProcessEnv = { HOME: home, CCACHE_CONFIGPATH: config }
  const kept = join(home, '.cache/jobshim/ccache.json')
  const ask = (more: NodeJS.ProcessEnv = {}) =>
    ccachePrefixes(program ?? '', [dirname(program ?? '')], { ...environment, ...more })
  // What is in the file is told again only if ccache is not asked.
  const forge = (): void =>
    writeFileSync(kept, readFileSync(kept, 'utf8').replace('"prefix":"nice"', '"prefix":"kept"'))
  const prefix = async (more?: NodeJS.ProcessEnv) => (await ask(more))?.prefix
  return { home, config, kept, prefix, forge }
}

const withCcache = program === undefined ? test.skip : test

withCcache('ccache answer :: nothing has changed :: ccache is not asked again', async () => {
  const { prefix, forge } = makeHome('prefix_command = nice\n')
  assert.is(await prefix(), 'nice')
  forge()
  assert.is(await prefix(), 'kept')
})

withCcache('ccache answer :: the config has changed, or has gone :: ccache is asked', async () => {
  const { prefix, forge, config, home } = makeHome('prefix_command = nice\n')
  await prefix()
  forge()
  writeFiles(home, { 'ccache.conf': 'prefix_command = time\n' })
  utimesSync(config, longAgo, longAgo) // as rsync may
  assert.is(await prefix(), 'time')
  writeFiles(home, { 'ccache.conf': '' })
  assert.is(await prefix(), '')
})

withCcache('ccache answer :: a variable of ccache is another :: ccache is asked', async () => {
  const { prefix, forge, home } = makeHome('prefix_command = nice\n')
  await prefix()
  forge()
  writeFiles(home, { other: 'prefix_command = time\n' })
  assert.is(await prefix({ CCACHE_CONFIGPATH: join(home, 'other') }), 'time')
})

withCcache('ccache answer :: a config that names a variable, or that is new :: nothing is kept', async () => {
  const named = makeHome('prefix_command = $MINE\n')
  assert.is(await named.prefix({ MINE: 'nice' }), 'nice')
  assert.is(await named.prefix({ MINE: 'time' }), 'time')
  const { prefix, config } = makeHome('prefix_command = nice\n')
  utimesSync(config, new Date(), new Date())
  assert.is(await prefix(), 'nice')
  writeFileSync(config, 'prefix_command = time\n')
  assert.is(await prefix(), 'time')
})

withCcache('ccache answer :: what is kept is no answer :: ccache is asked', async () => {
  const { prefix, kept } = makeHome('prefix_command = nice\n')
  await prefix()
  for (const text of ['', '{', 'null', '[]', '{"circumstances":1}']) {
    writeFileSync(kept, text)
    assert.is(await prefix(), 'nice', text)
  }
})

test.run()
