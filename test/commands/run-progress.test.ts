import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { afterEach } from '../support/after-each.js'
import { closeScreens, openScreen, type Screen, type ScreenOptions } from '../support/screen.js'
import { testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { isLookedAfter, jobshimRun, runDirectories, runLine } from '../yard/runs.js'
import { makeGate, makeYard } from '../yard/yard.js'

const yard = await makeYard('')

afterEach(async () => {
  closeScreens() // which ends what a failed test has left
  await until('no run is left', () => runDirectories(yard).length === 0)
})

type Play = { options?: readonly string[]; screen?: ScreenOptions }
type Stage = { screen: Screen; place: string }

/** Opens a terminal in which `./go` runs a shell script as the build below `jobshim run -j4`, and `./build` runs it bare. */
async function stage(
  directory: string,
  script: string,
  { options = ['-j4'], screen }: Play = {},
): Promise<Stage> {
  const place = makeWorkspace()
  const line = runLine(yard, '--no-config', ...options, '--', './build').join(' ')
  writeFiles(place, { go: `#!/bin/sh\nexec ${line}\n`, build: `#!/bin/sh\n${script}\n` })
  const env = { ...yard.env, HOME: yard.root, ...screen?.env }
  return { place, screen: await openScreen(directory, { ...screen, cwd: place, env }) }
}

const last = (rows: readonly string[]): string => rows.at(-1) ?? ''
const isShown = (rows: readonly string[]): boolean => last(rows).startsWith('jobshim [')
const ended = (rows: readonly string[]): boolean => rows.findLast(row => row !== '') === '$'
/** What a build does until it is told of one row less: the status line has come. */
const untilReserved = 'until test "$(stty size </dev/tty)" = "11 60"; do sleep 0.05; done'
const idle = 'jobshim [#...] 1 of 4 slots, 0 waiting, 0 done'

let times = 0

/** Asserts that the shell has all rows again, and none of the line is left. */
async function assertGivenBack(screen: Screen): Promise<void> {
  await screen.until('the prompt', ended)
  const mark = `looked ${++times} times`
  screen.type(`clear; stty size; echo ${mark}`)
  const rows = await screen.until('the size', seen => seen[1] === mark && ended(seen))
  assert.equal([rows[0], rows.slice(3).join('')], ['12 60', ''])
}

testWith('tmux', 'run :: progress :: slots, who waits, and what is done', async directory => {
  const gate = makeGate(yard)
  const tools = Array.from({ length: 6 }, () => `hold <${gate.path} &`).join('\n')
  const { screen } = await stage(
    directory,
    `hold </dev/null; hold </dev/null; hold </dev/null\n${tools}\nwait`,
  )
  screen.type('./go')
  const whole = 'jobshim [####] 4 of 4 slots, 2 waiting, 3 done'
  await screen.until('the line', rows => last(rows) === whole)
  const coloured = '\u001b[36m####\u001b[39m'
  assert.is(last(screen.colouredRows()), whole.replace('####', coloured))
  gate.open()
  await assertGivenBack(screen)
  assert.match(
    screen.history().join('\n'),
    /\njobshim: 9 tools ran, at most 4 at once \(limit 4\); the longest waited \d+\.\d s\n/,
  )
})

testWith('tmux', 'run :: progress :: NO_COLOR :: none', async directory => {
  const { screen } = await stage(directory, 'read -r _', { screen: { env: { NO_COLOR: '1' } } })
  screen.type('./go')
  await screen.until('the line', rows => last(rows) === idle)
  assert.is(last(screen.colouredRows()), idle)
  screen.press('Enter')
  await assertGivenBack(screen)
})

testWith('tmux', 'run :: progress :: 20 columns :: what fits', async directory => {
  const { screen } = await stage(directory, 'read -r _', { screen: { columns: 20 } })
  screen.type('./go')
  await screen.until('the line', rows => last(rows) === 'jobshim [#...] 1 of')
  screen.press('Enter')
  await screen.until('the end', ended)
})

type None = { what: string; options?: readonly string[]; env?: Record<string, string>; line?: string }
const none: readonly None[] = [
  { what: 'CI=true', env: { CI: 'true' } },
  { what: 'TERM=dumb', line: 'TERM=dumb ./go' },
  { what: '--quiet', options: ['-j4', '--quiet'] },
  { what: '--json', options: ['-j4', '--json'] },
  { what: 'stderr is no terminal', line: './go 2>errors' },
]

for (const { what, options = ['-j4'], env = {}, line = './go' } of none)
  testWith('tmux', `run :: progress :: ${what} :: none`, async directory => {
    // By then the line is there where it is to be, as the test above it shows.
    const script = 'sleep 2.5; stty size </dev/tty; read -r _'
    const { screen } = await stage(directory, script, { options, screen: { env } })
    screen.type(line)
    const rows = await screen.until('the size', seen => seen.some(row => /^1[12] 60$/.test(row)))
    assert.ok(rows.includes('12 60'))
    assert.is(last(rows), '')
    screen.press('Enter')
    await screen.until('the end', ended)
    assert.not(screen.bytes().includes('\u001b7'))
  })

testWith('tmux', 'run :: progress :: a command that can’t be started :: none', async directory => {
  const { screen } = await stage(directory, '')
  screen.type('chmod -x build; ./go; echo status $?')
  await screen.until('the status', rows => rows.includes('status 126'))
  await assertGivenBack(screen)
  assert.not(screen.bytes().includes('\u001b7'))
})

testWith('tmux', 'run :: progress :: a run below it joins it, and draws nothing', async directory => {
  const inner = runLine(yard, '--no-config', '-j2', '--', 'sh', '-c', 'stty size; read -r _').join("' '")
  const { screen } = await stage(directory, `${untilReserved}; '${inner}'`)
  screen.type('./go')
  await screen.until('the inner one', rows => rows.includes('11 60') && last(rows) === idle)
  screen.press('Enter')
  await assertGivenBack(screen)
})

/** Numbered lines, long and short, coloured, with a bar of their own; each comes by one write. */
const flood = `
i=0
while [ $i -lt 12000 ]; do
  i=$((i + 1))
  case $((i % 7)) in
    0) printf '\\033[3%dm%d coloured\\033[m text\\n' $((i % 8)) $i ;;
    1) printf '%d%0150d\\n' $i 0 ;;
    2) printf '%d%%  \\r' $((i % 100)) ;;
    3) printf '%d without an end, ' $i ;;
    *) printf 'line %d\\n' $i ;;
  esac
  [ $((i % 400)) -ne 0 ] || sleep 0.1
done`

/** What the line writes, with a visible sign for ESC. */
const frame =
  /␛7␛\[r␛8␛D␛\[A␛7␛\[1;11r␛\[12;1H␛\[m␛\[2K␛8|␛7␛\[r␛\[12;1H␛\[m␛\[2K␛8|␛7␛\[12;1H␛\[m␛\[2Kjobshim \[[^\n]*? done␛8/g

/** Returns where two texts begin to differ. */
function firstOther(one: string, other: string): number {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  return at
}

testWith('tmux', 'run :: progress :: the output of the build is the same, byte by byte', async directory => {
  const output = async (line: string) => {
    const { screen } = await stage(directory, flood)
    screen.type(`clear; ${line}`)
    // The prompt that it is typed at looks like that of the end.
    const isTyped = (): boolean => screen.bytes().includes(`${line}\r\n`)
    await screen.until('the end', rows => isTyped() && ended(rows) && screen.bytes().endsWith('$ '), 60)
    const bytes = screen.bytes().replaceAll('\u001b', '␛')
    const [history, start] = [screen.history(), bytes.indexOf(`${line}\r\n`) + line.length + 2]
    return {
      history: history.slice(history.findIndex(row => row.includes(line)) + 1),
      bytes: bytes.slice(start),
    }
  }
  const bare = await output('./build')
  const shown = await output('./go')
  const frames = shown.bytes.match(frame) ?? []
  assert.ok(frames.length >= 3, `${frames.length} frames`) // the row is taken, drawn into, and given back
  const summary = /jobshim: 0 tools ran[^\n]*\n/
  const built = shown.bytes.replace(frame, '').replace(summary, '')
  const near = built.slice(Math.max(0, firstOther(built, bare.bytes) - 80)).slice(0, 300)
  assert.ok(built === bare.bytes, `other bytes near ${JSON.stringify(near)}`)
  assert.equal(shown.history.join('\n').replace(summary, ''), bare.history.join('\n'))
})

for (const [what, key, status] of [
  ['^C', 'C-c', 130],
  ['^\\', 'C-\\', 131],
] as const)
  testWith('tmux', `run :: progress :: ${what} :: gives the row back`, async directory => {
    const { screen } = await stage(directory, 'exec sleep 100')
    screen.type('./go')
    await screen.until('the line', isShown)
    screen.press(key)
    await screen.until('the prompt', ended)
    screen.type('echo status $?')
    await screen.until('the status', rows => rows.includes(`status ${status}`))
    await assertGivenBack(screen)
  })

const pidIn = (place: string): number => Number(readFileSync(join(place, 'pid'), 'utf8'))

testWith('tmux', 'run :: progress :: SIGTERM :: gives the row back', async directory => {
  const { screen, place } = await stage(directory, 'echo $PPID >pid; exec sleep 100')
  screen.type('./go; echo status $?')
  await screen.until('the line', isShown)
  process.kill(pidIn(place), 'SIGTERM')
  await screen.until('the status', rows => rows.includes('status 143'))
  await assertGivenBack(screen)
})

testWith('tmux', 'run :: progress :: SIGKILL :: the row is given back all the same', async directory => {
  const { screen, place } = await stage(
    directory,
    'read -r _ _ _ run _ </proc/$PPID/stat; echo $run >pid; read -r _; echo over >over',
  )
  screen.type('./go; echo status $?')
  await screen.until('the line', isShown)
  process.kill(pidIn(place), 'SIGKILL')
  await screen.until('the status', rows => rows.includes('status 137') && last(rows) === '')
  screen.press('Enter') // its build lives on, and reads along with the shell
  screen.press('Enter')
  await screen.until('the build has ended', () => existsSync(join(place, 'over')))
  await assertGivenBack(screen)
  await until('nobody looks after its pool', () => !runDirectories(yard).some(isLookedAfter))
  assert.is((await jobshimRun(yard, ['true'])).status, 0) // removes the pool
})

// Nothing is started in it: dash waits in vfork for a child that ^Z stops before its exec, with jobshim and without.
const patient = 'test -p over || mkfifo over; read -r _ <over; exit 3'

testWith(
  'tmux',
  'run :: progress :: ^Z, bg and fg :: the line is there in the foreground alone',
  async directory => {
    const { screen, place } = await stage(directory, patient)
    screen.type('./go; echo status $?')
    await screen.until('the line', isShown)
    screen.press('C-z')
    await assertGivenBack(screen)
    screen.type('fg')
    await screen.until('the line', isShown)
    screen.press('C-z')
    await assertGivenBack(screen)
    screen.type('bg; sleep 1; stty size')
    await screen.until('the size', rows => rows.filter(row => row === '12 60').length === 2)
    assert.is(last(screen.rows()), '')
    screen.type('fg; echo status $?')
    await screen.until('the line', isShown)
    writeFileSync(join(place, 'over'), '\n')
    await screen.until('the status', rows => rows.includes('status 3'))
    await assertGivenBack(screen)
  },
)

testWith(['tmux', 'less'], 'run :: progress :: less has the terminal for itself', async directory => {
  const { screen } = await stage(directory, `seq 100 >numbers; ${untilReserved}; less numbers; read -r _`)
  screen.type('./go')
  await screen.until('less', rows => rows[9] === '10')
  screen.press('j', 'j')
  const rows = await screen.until('two lines on', seen => seen[9] === '12')
  assert.equal(
    rows.slice(0, 10),
    Array.from({ length: 10 }, (_, at) => String(at + 3)),
  )
  assert.is(last(rows), '')
  screen.press('q')
  await screen.until('the line', isShown)
  screen.press('Enter')
  await assertGivenBack(screen)
})

testWith('tmux', 'run :: progress :: a terminal that is resized :: the line follows', async directory => {
  const { screen } = await stage(directory, 'seq 30; read -r _; stty size; seq 31 40; read -r _')
  screen.type('./go')
  await screen.until('the line', isShown)
  screen.resize(30, 20)
  await screen.until('the line', rows => rows.length === 20 && last(rows) === idle.slice(0, 29).trimEnd())
  screen.resize(60, 12)
  await screen.until('the line', rows => rows.length === 12 && last(rows) === idle)
  screen.press('Enter')
  const rows = await screen.until('the size', seen => seen.includes('40'))
  assert.equal([rows[9], last(rows)], ['40', idle])
  assert.not(
    screen
      .history()
      .slice(0, -1)
      .some(row => row.startsWith('jobshim')),
  )
  screen.press('Enter')
  await assertGivenBack(screen)
})

test.run()
