/** Who has the next slot of a server's pool beside a make that takes one after the other: the recorder says who starts. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { tokensIn } from '../support/pool.js'
import { makeRecorder, readRecording } from '../support/recording.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { endServer, type Served, serve } from '../yard/served.js'
import { makeYard } from '../yard/yard.js'

const well = { status: 0, signal: null, stdout: '', stderr: '' }
const makefile =
  'tools := $(addprefix $(NAME),$(shell seq $(TOOLS)))\nall: $(tools)\n$(tools):\n\t@true -c $@\n'

type Place = { served: Served; env: Record<string, string>; log: string }

const slots = 4

/** A server, and a recorder's `true`, which takes so long. `path`: where make is. */
async function makePlace(holdMs: number, path: string): Promise<Place> {
  const yard = await makeYard('')
  const directory = join(yard.root, 'recorded')
  mkdirSync(directory)
  const { bin } = makeRecorder(directory, { holdMs, extra: ['true'] })
  const PATH = [bin, path, process.env.PATH].join(':')
  await installShims(yard.shims, { args: ['--tools', 'make,true'], env: { PATH } })
  writeFiles(yard.root, { Makefile: makefile })
  const served = await serve(slots, { yard })
  const auth = `fifo:${served.fifo}`
  return {
    served,
    env: {
      ...yard.env,
      PATH: `${yard.shims}:${PATH}`,
      HOME: yard.root,
      JOBSHIM_JOBSERVER: auth,
      MAKEFLAGS: ` -j${slots} --jobserver-auth=${auth}`,
    },
    log: join(directory, 'log'),
  }
}

const free = ({ served }: Place): number => tokensIn(served.fifo).length

const make = ({ served }: Place, name: string, tools: number): string[] => [
  ...['make', '-s', '-C', served.yard.root, `NAME=${name}`, `TOOLS=${tools}`],
]

/** The names of those that have started. */
function startsIn({ log }: Place): string[] {
  const { events } = readRecording(existsSync(log) ? readFileSync(log, 'utf8') : '')
  return events.filter(({ sign }) => sign === '+').map(({ last }) => last)
}

const tools = 100

testWith(
  'make44',
  'serve :: turns :: a tool of low priority beside a make :: waits for all of its tools',
  async path => {
    const place = await makePlace(200, path)
    const build = start({ env: place.env, command: make(place, 'a', tools) })
    await until('all slots are used', () => startsIn(place).length >= slots)
    const env = { ...place.env, JOBSHIM_PRIORITY: 'low' }
    assert.equal(await start({ env, command: ['env', 'true', '-c', 'low'] }).ended, well)
    assert.equal(await build.ended, well)
    assert.is(startsIn(place).length, tools + 1)
    assert.ok(startsIn(place).indexOf('low') >= tools * 0.9, `${startsIn(place).indexOf('low')}`)
    assert.is(free(place), slots)
    await endServer(place.served)
  },
)

test.after.each(killStarted)
test.run()
