import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { allowsBottomLine } from '../../src/launcher/bottom-line.js'
import { closeScreens, openScreen, type Screen, type ScreenOptions } from '../support/screen.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

test.after.each(closeScreens)

const shims = await installShims(join(makeWorkspace(), 'shims'), { args: ['--tools', 'cat'] })
const look = join(shims, '.jobshim/look')

/** A shell script as the build: `line TEXT` draws, `enter` waits for the Enter key, and the row is given back at the end. */
const withLine = (script: string): string => `#!/bin/sh
test -p line || mkfifo line
'${look}' bottom-line <line &
exec 4>line
line() { echo "$1" >&4; }
enter() { read -r _; }
${script}
exec 4>&-
wait
`

type Stage = { screen: Screen; place: string }

/** Opens a terminal in which `./build` is such a script. */
async function stage(directory: string, script: string, options: ScreenOptions = {}): Promise<Stage> {
  const place = makeWorkspace()
  writeFiles(place, { build: withLine(script) })
  return { place, screen: await openScreen(directory, { cwd: place, ...options }) }
}

/** What `seq` prints, row by row. */
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at))
const last = (rows: readonly string[]): string | undefined => rows.at(-1)
const shows = (text: string) => (rows: readonly string[]) => last(rows) === text
const ended = (rows: readonly string[]): boolean => rows.findLast(row => row !== '') === '$'

for (const [environment, allowed] of [
  [{ TERM: 'xterm' }, true],
  [{ TERM: 'screen', CI: '' }, true],
  [{ TERM: 'xterm', CI: 'false' }, true],
  [{ TERM: 'xterm', CI: 'true' }, false],
  [{ TERM: 'xterm', CI: '1' }, false],
  [{ TERM: 'dumb' }, false],
  [{ TERM: 'linux' }, false],
  [{ TERM: '' }, false],
  [{}, false],
] as const)
  test(`bottom line :: ${JSON.stringify(environment)} :: ${allowed ? 'allowed' : 'none'}`, () => {
    assert.is(allowsBottomLine(environment), allowed)
  })

testWith(
  'tmux',
  'bottom line :: has the last row, programs have the others, and get it back',
  async directory => {
    const { screen } = await stage(
      directory,
      'stty size; line "[#..] one"; enter; stty size; line "[##.] two"; enter',
    )
    screen.type('./build')
    await screen.until('the first line', shows('[#..] one'))
    screen.press('Enter')
    const rows = await screen.until('the second line', shows('[##.] two'))
    assert.equal(rows.slice(0, 4), ['$ ./build', '12 60', '', '11 60'])
    screen.press('Enter')
    await screen.until('the end', ended)
    screen.type('stty size')
    const after = await screen.until('the size', seen => seen.includes('12 60', 4) && ended(seen))
    assert.equal(after.slice(0, 9), ['$ ./build', '12 60', '', '11 60', '', '$ stty size', '12 60', '$', ''])
    assert.is(last(after), '')
  },
)

testWith(
  'tmux',
  'bottom line :: output that ends in the last row moves up by one, and nothing is lost',
  async directory => {
    const { screen } = await stage(directory, 'seq 40; printf tail; line status; enter; echo end; seq 41 60')
    screen.type('./build')
    const rows = await screen.until('the line', shows('status'))
    assert.equal(rows.slice(-4), ['39', '40', 'tail', 'status'])
    screen.press('Enter')
    await screen.until('the end', ended)
    assert.equal(
      screen.history().filter(row => row !== ''),
      ['$ ./build', ...numbers(1, 40), 'tail', 'end', ...numbers(41, 60), '$'],
    )
  },
)

testWith('tmux', 'bottom line :: columns and colours are as the program left them', async directory => {
  const full = '0123456789'.repeat(3)
  // Each line is drawn while the cursor is where a program has left it in the middle of its own.
  const script = `
line one; enter
printf 'a\\tb'; line two; enter
echo c
printf ${full}; line three; enter
echo; echo d
printf '\\033[41mred'; line four; enter
printf 'red\\033[m\\n'
printf '50%%'; line five; enter
printf '\\r100%%\\n'; line six; enter`
  const { screen } = await stage(directory, script, { columns: 30, rows: 10 })
  screen.type('./build')
  for (const text of ['one', 'two', 'three', 'four', 'five', 'six']) {
    await screen.until(text, shows(text))
    if (text !== 'six') screen.press('C-d') // ends the read in the middle of a line, without an echo
  }
  assert.equal(screen.rows(), ['$ ./build', 'a       bc', full, 'd', 'redred', '100%', '', '', '', 'six'])
  const red = screen.colouredRows().find(row => row.includes('redred'))
  assert.is(red, '\u001b[41mredred')
  assert.is(screen.colouredRows().at(-1), 'six')
})

testWith(
  ['tmux', 'less'],
  'bottom line :: less below it works as on a smaller terminal, and is not drawn into',
  async directory => {
    const { screen } = await stage(
      directory,
      'seq 100 >numbers; line one; enter; less numbers; line three; enter',
    )
    screen.type('./build')
    await screen.until('the line', shows('one'))
    screen.press('Enter')
    const first = await screen.until('less', seen => seen[9] === '10')
    screen.press('j', 'j')
    const second = await screen.until('two lines on', seen => seen[9] === '12')
    assert.equal([first.slice(0, 10), second.slice(0, 10)], [numbers(1, 10), numbers(3, 12)])
    assert.equal([last(first), last(second)], ['', ''])
    screen.press('q')
    const rows = await screen.until('the next line', shows('three'))
    assert.is(rows[0], '$ ./build')
  },
)

/** What programs do that have the terminal for themselves; at the end the scroll region may be gone. */
for (const [modes, what] of [
  ['-icanon', 'reads keys'],
  ['-echo', 'asks for a password'],
] as const)
  testWith(
    'tmux',
    `bottom line :: a program that ${what} is left alone, margins that it undid are set again`,
    async directory => {
      const script = `
seq 30; line one; enter
stty ${modes}; line two; sleep 0.5; echo hidden; enter; printf '\\0337\\033[r\\0338'
stty sane; line three; enter
seq 31 50; line four; enter`
      const { screen } = await stage(directory, script)
      screen.type('./build')
      await screen.until('one', shows('one'))
      screen.press('Enter')
      const hidden = await screen.until('it has begun', seen => seen.includes('hidden'))
      assert.is(last(hidden), 'one')
      screen.press('Enter')
      const again = await screen.until('three', shows('three'))
      assert.not(again.slice(0, -1).includes('one'))
      screen.press('Enter')
      const rows = await screen.until('four', shows('four'))
      assert.equal(rows.slice(-4), ['49', '50', '', 'four'])
      assert.not(
        screen
          .history()
          .slice(0, -1)
          .some(row => ['one', 'two', 'three'].includes(row)),
      )
    },
  )

for (const [name, columns, rows] of [
  ['larger', 70, 20],
  ['smaller', 50, 8],
  ['one row smaller', 60, 11],
  ['one row larger', 60, 13],
  ['narrower', 25, 12],
] as const)
  testWith(
    'tmux',
    `bottom line :: a terminal that becomes ${name} :: keeps the output, and one line`,
    async directory => {
      const { screen } = await stage(
        directory,
        'seq 30; line "[###...] status"; enter; stty size; seq 31 40; enter',
      )
      screen.type('./build')
      await screen.until('the line', shows('[###...] status'))
      const regions = () => screen.bytes().split(`\u001b[1;${rows - 1}r`).length
      const before = regions()
      screen.resize(columns, rows)
      // tmux tells its program of it after a while; until then what was drawn may stand in the last row.
      await screen.until('the row is taken again', () => regions() > before)
      await screen.until('the line again', seen => seen.length === rows && last(seen) === '[###...] status')
      screen.press('Enter')
      await screen.until('more output', seen => seen.includes('40'))
      assert.is(last(screen.rows()), '[###...] status')
      screen.press('Enter')
      await screen.until('the end', ended)
      assert.equal(
        screen.history().filter(row => row !== ''),
        ['$ ./build', ...numbers(1, 30), `${rows - 1} ${columns}`, ...numbers(31, 40), '$'],
      )
      screen.type('stty size')
      await screen.until('its size', seen => seen.includes(`${rows} ${columns}`))
    },
  )

for (const [columns, rows] of [
  [19, 12],
  [60, 2],
] as const)
  testWith(
    'tmux',
    `bottom line :: ${rows} rows of ${columns} columns :: none before there is more`,
    async directory => {
      const { screen } = await stage(directory, 'line status; echo ready; enter; stty size; enter', {
        columns,
        rows: 12,
      })
      screen.resize(columns, rows)
      screen.type('./build')
      await screen.until('it runs', seen => seen.includes('ready'))
      screen.press('Enter')
      await screen.until('the size', seen => seen.includes(`${rows} ${columns}`))
      screen.resize(60, 12)
      await screen.until('the line', shows('status'))
      screen.press('Enter')
      await screen.until('the end', ended)
    },
  )

testWith(
  'tmux',
  'bottom line :: two on one terminal :: the second one comes once the first has ended',
  async directory => {
    const { screen } = await stage(
      directory,
      `
line first
test -p other || mkfifo other
'${look}' bottom-line <other 4>&- & exec 5>other
enter; echo second >&5; sleep 0.3; stty size; enter
exec 4>&-
sleep 0.3; echo second >&5; enter; stty size; exec 5>&-`,
    )
    screen.type('./build')
    await screen.until('the first', shows('first'))
    screen.press('Enter')
    const rows = await screen.until('the size', seen => seen.includes('11 60'))
    assert.is(last(rows), 'first')
    screen.press('Enter')
    await screen.until('the second', shows('second'))
    screen.press('Enter')
    await screen.until('the end', ended)
    assert.is(screen.rows().filter(row => row === '11 60').length, 2)
  },
)

testWith(
  'tmux',
  'bottom line :: in the background :: none, with stty tostop too; in the foreground it comes',
  async directory => {
    const { screen, place } = await stage(
      directory,
      'line status; touch ready; test -p over || mkfifo over; read -r _ <over',
    )
    screen.type('stty tostop; ./build & while ! test -e ready; do sleep 0.1; done; sleep 0.5; stty size')
    const rows = await screen.until('the size', seen => seen.includes('12 60'))
    assert.is(last(rows), '')
    screen.type('fg')
    await screen.until('the line', shows('status'))
    screen.press('C-z')
    const stopped = await screen.until('the prompt', ended)
    assert.is(last(stopped), '')
    screen.type('stty size; fg')
    await screen.until('the line', shows('status'))
    writeFileSync(join(place, 'over'), '\n')
    await screen.until('the end', seen => ended(seen) && seen.filter(row => row === '12 60').length === 2)
  },
)

test.run()
