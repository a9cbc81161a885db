import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startBrowser, type Visit, visit } from '../support/browser.js'
import { jobshim } from '../support/jobshim.js'
import { began, buildOf, end, journalOf, past, start, tool } from '../support/journals.js'
import { testWith } from '../support/test-with.js'
import { makeWorkspace } from '../support/workspace.js'

let browser: Browser | undefined

test.after(() => browser?.close())

/** Draws a journal and opens the page, once picture and table stand. */
async function open(events: readonly object[], options: BrowserContextOptions = {}): Promise<Visit> {
  const directory = makeWorkspace()
  writeFileSync(join(directory, 'build.jsonl'), journalOf(events))
  const drawn = await jobshim(['timeline', 'build.jsonl'], { cwd: directory })
  assert.is(drawn.status, 0, drawn.stderr)
  browser ??= await startBrowser()
  const visited = await visit(browser, join(directory, 'build.html'), options)
  await visited.page.waitForSelector('html[data-table=drawn]')
  return visited
}

/** The page has nothing to complain about, and asked for nothing but itself. */
async function close({ page, complaints, requests }: Visit): Promise<void> {
  assert.equal(complaints, [])
  assert.equal(requests, [page.url()])
  await page.context().close()
}

/** Four slots in use by ten seconds of compilers, the last of which failed; a link alone at the end; make over all. */
const small = [
  start({ jobs: 4, command: ['./build.sh', 'all'] }),
  tool({
    at: began,
    kind: 'client',
    tool: 'make',
    path: '/usr/bin/make',
    slot: 'implicit',
    job: 'make',
    file: '',
    ranSeconds: 10,
  }),
  ...Array.from({ length: 20 }, (_, index) =>
    tool({
      pid: 2000 + index,
      at: began + Math.floor(index / 4) + (index % 4) / 100,
      tool: index % 2 === 0 ? 'gcc' : 'clang',
      path: index % 2 === 0 ? '/usr/bin/gcc' : '/usr/bin/clang',
      file: `src/file-${String(index).padStart(2, '0')}.c`,
      ranSeconds: 0.9 - index / 100,
      waitedSeconds: index < 4 ? 0 : 0.75,
      userSeconds: 0.5,
      memoryBytes: (100 + index) * 1024 ** 2,
      slot: index % 4 === 0 ? 'caller' : 'token',
      exit: index === 19 ? 1 : 0,
    }),
  ),
  tool({
    at: began + 6,
    tool: 'ld',
    path: '/usr/bin/ld',
    kind: 'link',
    file: 'program',
    slot: 'caller',
    job: 'ld',
    ranSeconds: 3.5,
  }),
  past(),
  end({ coverage: 0.75 }),
]

const text = (page: Page, selector: string): Promise<string> => page.locator(selector).innerText()

/** A place in the picture: a part of the time that is shown, and a row. */
async function point(page: Page, part: number, row: number): Promise<{ x: number; y: number }> {
  await page.locator('#picture').scrollIntoViewIfNeeded()
  const box = await page.locator('#picture canvas').first().boundingBox()
  if (!box) throw new Error('there is no picture')
  const [left, right, top, band] = [58, 14, 83, 26] // src/timeline/picture.ts; the likely path is above the rows
  return { x: box.x + left + (box.width - left - right) * part, y: box.y + top + band * (row + 0.6) }
}

async function hover(page: Page, part: number, row: number): Promise<string> {
  const { x, y } = await point(page, part, row)
  await page.mouse.move(x, y)
  return (await page.locator('#tip').isVisible()) ? await text(page, '#tip') : ''
}

/** The labels of the time axis are drawn and not written, so a picture is told by its pixels. */
const pixels = (page: Page): Promise<string> =>
  page
    .locator('#picture canvas')
    .first()
    .evaluate(canvas => (canvas as HTMLCanvasElement).toDataURL())

/** What is shown of the time: hovering tells the instants at both ends. */
async function shown(page: Page): Promise<[number, number]> {
  const at = async (part: number): Promise<number> =>
    Number(/at ([\d.]+) s/.exec(await hover(page, part, 0))?.[1] ?? Number.NaN)
  return [await at(0.01), await at(0.99)]
}

/** Waits until the table has its rows as they stay: one that is replaced between a button's two events has no click. */
const drawn = (page: Page): Promise<void> =>
  page.evaluate(
    () => new Promise<void>(resolve => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  )

const near = (actual: readonly number[], expected: readonly number[], apart: number): void => {
  for (const [index, number] of expected.entries())
    assert.ok(Math.abs((actual[index] ?? Number.NaN) - number) <= apart, `${actual} is not near ${expected}`)
}

testWith('chromium', 'timeline :: page :: its head says what the build came to', async () => {
  const visited = await open(small)
  const { page } = visited
  assert.is(await page.title(), './build.sh all – jobshim timeline')
  assert.is(await text(page, 'h1'), './build.sh all')
  const facts = await page.locator('#facts > div').allInnerTexts()
  assert.equal(
    facts.map(fact => fact.split('\n').join(' | ')),
    [
      'Took | 10.0 s',
      'Tool runs | 22 | 1 failed',
      'Slots used, on average | 2.2 of 4 | at most 4',
      'One slot used, or none | 60 % | 5.95 s',
      'Slowest file | 3.50 s | program',
      'Likely critical path | 5.87 s | in 4 tools, 1.50 s waiting for a slot, 2.63 s in what else ran',
      'Cores busy, on average | 1.3 of 2 | 4 slots share 2 cores',
      'Longest wait | 750 ms | gcc src/file-04.c',
      'Memory, at most | 470 MB | sum of the peaks',
      'Went through the shims | 75 %',
    ],
  )
  const past = await page.locator('#past-rows td').allInnerTexts()
  assert.equal(past, [
    '/usr/bin/gcc',
    'cmake',
    'absolute path in CMakeCache.txt: /build/CMakeCache.txt',
    'configure anew below jobshim run',
    '3',
    '4.50 s',
  ])
  assert.equal((await page.locator('#legend li').allInnerTexts()).slice(0, 4), ['gcc', 'clang', 'ld', 'make'])
  await close(visited)
})

testWith('chromium', 'timeline :: page :: hovering tells tool, file and times', async () => {
  const visited = await open(small, { timezoneId: 'Asia/Tokyo' })
  assert.is(await text(visited.page, 'header p'), '/build, 2027-01-15 17:00:00 +09:00')
  const { page } = visited
  const words = await hover(page, 0.135, 1) // at 1.35 s, in the second slot
  for (const part of [
    /^clang · compile/,
    /file\s+src\/file-05\.c/,
    /program\s+\/usr\/bin\/clang/,
    /started\s+1\.010 s, at 17:00:01/,
    /ran\s+850 ms/,
    /waited\s+750 ms/,
    /CPU\s+500 ms user, 100 ms system/,
    /memory\s+105 MB/,
    /slot\s+a token/,
    /at 1\.3\d* s · slots in use: 4 · cores: 2\.8 · waiting: 4 · memory: 422 MB/,
  ])
    assert.match(words, part)
  assert.ok(await page.locator('#mark').isVisible(), 'the run is marked')
  assert.ok(await page.locator('#wait').isVisible(), 'so is its wait')
  assert.match(
    await hover(page, 0.75, 0),
    /^ld · link[\s\S]*file\s+program[\s\S]*ran\s+3\.50 s[\s\S]*path\s+on the likely critical path/,
  )
  assert.match(await hover(page, 0.41, 3), /^clang · compile[\s\S]*ended\s+with status 1/)
  assert.match(
    await hover(page, 0.75, 2),
    /^likely critical path: ld program\s+at 7\.5\d* s · slots in use: 1/,
  )

  const { x, y } = await point(page, 0.75, 0)
  await page.mouse.move(x, y - 12)
  assert.match(await text(page, '#tip'), /^make · client/, 'the strip above is the client')
  await page.keyboard.press('Escape')
  assert.not.ok(await page.locator('#tip').isVisible())
  await close(visited)
})

testWith('chromium', 'timeline :: page :: wheel, buttons, keys and a drag change what is drawn', async () => {
  const visited = await open(small)
  const { page } = visited
  near(await shown(page), [0.1, 9.9], 0.1)
  const whole = await pixels(page)

  await page.click('#zoom-in')
  near(await shown(page), [2.55, 7.45], 0.1)
  assert.is.not(await pixels(page), whole)
  await page.click('#later')
  near(await shown(page), [3.8, 8.7], 0.1)
  await page.click('#earlier')
  await page.click('#zoom-out')
  near(await shown(page), [0.1, 9.9], 0.1)

  const { x, y } = await point(page, 0.5, 1)
  await page.mouse.move(x, y)
  await page.keyboard.down('Control')
  for (let turn = 0; turn < 5; turn++) await page.mouse.wheel(0, -120)
  await page.keyboard.up('Control')
  await page.waitForFunction(before => {
    const canvas = document.querySelector<HTMLCanvasElement>('#picture canvas')
    return canvas?.toDataURL() !== before
  }, whole)
  const [from, to] = await shown(page)
  assert.ok(to - from < 9 && from > 0.2 && to < 9.8, `${from} to ${to}`)
  near([(from + to) / 2], [5], 0.3)

  const grip = await point(page, 0.5, 3)
  await page.mouse.move(grip.x, grip.y)
  await page.mouse.down()
  await page.mouse.move(grip.x + 150, grip.y, { steps: 5 })
  await page.mouse.up()
  const [dragged] = await shown(page)
  assert.ok(dragged < from - 0.1, `${dragged} is not before ${from}`)

  await page.locator('#picture').focus()
  await page.keyboard.press('0')
  near(await shown(page), [0.1, 9.9], 0.1)
  await page.keyboard.press('+')
  await page.keyboard.press('ArrowRight')
  near(await shown(page), [3.8, 8.7], 0.1)
  await page.keyboard.press('-')
  await page.click('#whole')
  near(await shown(page), [0.1, 9.9], 0.1)
  await close(visited)
})

testWith('chromium', 'timeline :: page :: the wheel alone scrolls the page and zooms nothing', async () => {
  const visited = await open(small)
  const { page } = visited
  const before = await shown(page)
  const { x, y } = await point(page, 0.5, 1)
  await page.mouse.move(x, y)
  const top = await page.evaluate(() => scrollY)
  await page.mouse.wheel(0, 200)
  await page.waitForFunction(before => scrollY > before, top)
  near(await shown(page), before, 0.001)
  await close(visited)
})

testWith('chromium', 'timeline :: page :: a time of one slot leads to it', async () => {
  const visited = await open(small)
  const { page } = visited
  const buttons = page.locator('#stretches button')
  assert.equal(await buttons.allInnerTexts(), [
    '5.26 s from 4.7 s on: ld program',
    '230 ms from 3.8 s on: gcc src/file-16.c',
    '190 ms from 2.8 s on: gcc src/file-12.c',
    '150 ms from 1.9 s on: gcc src/file-08.c',
    '110 ms from 0.9 s on: gcc src/file-04.c',
  ])
  await buttons.first().click()
  const [from, to] = await shown(page)
  assert.ok(from > 3 && from < 4.7 && to > 9.8, `${from} to ${to}`)
  await close(visited)
})

const columns = ['File', 'Tools', 'Ran', 'Longest', 'CPU', 'Waited', 'Memory', 'Runs']
const cells = (page: Page, column: string): Promise<string[]> =>
  page
    .locator(`#costs .tabulator-row .tabulator-cell:nth-child(${columns.indexOf(column) + 1})`)
    .allInnerTexts()

testWith('chromium', 'timeline :: page :: the table sorts, by mouse and by keys', async () => {
  const visited = await open(small)
  const { page } = visited
  const head = (name: string) => page.locator('#costs .tabulator-col', { hasText: name })
  assert.equal(await page.locator('#costs .tabulator-col-title').allInnerTexts(), columns)
  assert.equal((await cells(page, 'File')).slice(0, 2), ['program', 'src/file-00.c'], 'the costliest first')
  assert.equal((await cells(page, 'Ran')).slice(0, 2), ['3.50 s', '900 ms'])
  await head('Memory').click()
  assert.equal((await cells(page, 'Memory')).slice(0, 2), ['119 MB', '118 MB'])
  assert.is(await head('Memory').getAttribute('aria-sort'), 'descending')
  await head('Memory').click()
  assert.is((await cells(page, 'Memory'))[0], '64 MB')
  await head('File').focus()
  await page.keyboard.press('Enter')
  assert.equal((await cells(page, 'File')).slice(0, 2), ['program', 'src/file-00.c'])
  await page.keyboard.press('Enter')
  assert.is((await cells(page, 'File'))[0], 'src/file-19.c')

  for (let stop = 0; stop < columns.length + 1; stop++) await page.keyboard.press('Tab') // heads, rows
  await page.keyboard.press('Enter')
  const [from, to] = await shown(page)
  assert.ok(from > 3.8 && from < 4.1 && to > 4.7 && to < 5, `the run of file-19 is shown: ${from} to ${to}`)
  await close(visited)
})

testWith('chromium', 'timeline :: page :: the table filters by file and tool', async () => {
  const visited = await open(small)
  const { page } = visited
  const after = async (words: string): Promise<[string, string[]]> => {
    await page.fill('#filter', words)
    return [await text(page, '#count'), await cells(page, 'File')]
  }
  assert.is(await text(page, '#count'), '21 files')
  assert.equal(await after('FILE-05'), ['1 of 21 files', ['src/file-05.c']])
  assert.equal(await after('file-0 clang'), [
    '5 of 21 files',
    ['01', '03', '05', '07', '09'].map(name => `src/file-${name}.c`),
  ])
  assert.equal(await after('no such'), ['0 of 21 files', []])
  assert.match(await text(page, '#costs'), /No file is like that\./)
  assert.is((await after(''))[0], '21 files')

  await page.fill('#filter', 'file-10')
  await drawn(page)
  await page.locator('#costs button.file').click()
  const [from, to] = await shown(page)
  assert.ok(from > 1.7 && from < 2.03 && to > 2.7 && to < 3.1, `its run is shown: ${from} to ${to}`)
  await close(visited)
})

const backgrounds = { light: 'rgb(255, 255, 255)', dark: 'rgb(20, 25, 31)' } as const

for (const scheme of ['light', 'dark'] as const)
  testWith(
    'chromium',
    `timeline :: page :: ${scheme}, as the system has it, and the other by the button`,
    async () => {
      const visited = await open(small, { colorScheme: scheme })
      const { page } = visited
      const other = scheme === 'light' ? 'dark' : 'light'
      const looks = () =>
        page.evaluate(() => {
          const canvas = document.querySelector<HTMLCanvasElement>('#picture canvas')
          const copy = new OffscreenCanvas(1, 1).getContext('2d')
          if (canvas) copy?.drawImage(canvas, 2, 2, 1, 1, 0, 0, 1, 1)
          const pixel = copy?.getImageData(0, 0, 1, 1).data
          const of = (selector: string): string => {
            const element = document.querySelector(selector)
            return element ? getComputedStyle(element).backgroundColor : ''
          }
          return [of('body'), of('.tabulator-row'), `rgb(${[...(pixel ?? [])].slice(0, 3).join(', ')})`]
        })
      const expected = (name: 'light' | 'dark') => Array.from({ length: 3 }, () => backgrounds[name])
      assert.equal(await looks(), expected(scheme))
      await page.click('#zoom-in')
      const before = await shown(page)
      await page.click('#scheme')
      assert.equal(await looks(), expected(other))
      near(await shown(page), before, 0.001)
      await page.emulateMedia({ colorScheme: other })
      assert.equal(await looks(), expected(other), 'the button wins')
      await page.click('#scheme')
      assert.equal(await looks(), expected(scheme))
      await close(visited)
    },
  )

testWith(
  'chromium',
  'timeline :: page :: text stands out from what is behind it, light and dark',
  async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const visited = await open(small, { colorScheme: scheme })
      const ratios = await visited.page.evaluate(() => {
        const parts = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number)
        const luminance = (colour: string): number => {
          const [red = 0, green = 0, blue = 0] = parts(colour).map(part => {
            const level = part / 255
            return level <= 0.03928 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4
          })
          return 0.2126 * red + 0.7152 * green + 0.0722 * blue
        }
        const behind = (element: Element | null): string => {
          for (let each = element; each; each = each.parentElement) {
            const colour = getComputedStyle(each).backgroundColor
            if (parts(colour)[3] !== 0) return colour
          }
          return 'rgb(255, 255, 255)'
        }
        const texts = [
          ...document.querySelectorAll(
            'h1, h2, p, dt, dd, small, td, th, li, button, label, .tabulator-cell, .tabulator-col-title',
          ),
        ]
        return texts.map(element => {
          const [one, two] = [luminance(getComputedStyle(element).color), luminance(behind(element))]
          const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)
          return { ratio, text: element.textContent?.slice(0, 40) ?? '' }
        })
      })
      assert.ok(ratios.length > 80)
      assert.equal(
        ratios.filter(({ ratio }) => ratio < 4.5),
        [],
        scheme,
      )
      await close(visited)
    }
  },
)

testWith('chromium', 'timeline :: page :: a touch screen is told of no wheel', async () => {
  const isToldOn = async (device: Parameters<typeof open>[1]): Promise<boolean> => {
    const visited = await open(small, device)
    const isTold = await visited.page.locator('#by-mouse').isVisible()
    await close(visited)
    return isTold
  }
  const viewport = { width: 400, height: 800 }
  assert.equal(
    [await isToldOn({ viewport }), await isToldOn({ viewport, hasTouch: true, isMobile: true })],
    [true, false],
  )
})

testWith('chromium', 'timeline :: page :: 400 pixels wide, nothing sticks out', async () => {
  const visited = await open(small, { viewport: { width: 400, height: 800 }, hasTouch: true })
  const { page } = visited
  const width = await page.evaluate(() => document.documentElement.scrollWidth)
  assert.is(width, 400)
  const { x, y } = await point(page, 0.13, 1)
  await page.touchscreen.tap(x, y)
  assert.match(await text(page, '#tip'), /^clang · compile[\s\S]*file-05\.c/, 'a tap does what hovering does')
  const box = await page.locator('#tip').boundingBox()
  assert.ok(box && box.x >= 0 && box.x + box.width <= 400, JSON.stringify(box))
  await page.setViewportSize({ width: 1000, height: 800 })
  await page.waitForFunction(() => (document.querySelector('#picture canvas')?.clientWidth ?? 0) > 900)
  assert.match(await hover(page, 0.13, 1), /file-05\.c/, 'it is drawn anew in another width')
  await close(visited)
})

testWith('chromium', "timeline :: page :: other people's names are text, whatever they are", async () => {
  const evil =
    '</script><script>document.title="owned"</script><img src=x onerror=document.title="owned">"\'&amp;\u2028.c'
  const visited = await open([
    start({ command: [evil], directory: `/${evil}` }),
    tool({ at: began + 1, ranSeconds: 8, file: evil, tool: evil, path: evil, directory: '/build' }),
    past({ tool: evil, caller: evil, why: evil, file: evil, fix: evil }),
    end(),
  ])
  const { page } = visited
  assert.is(await page.title(), `'${evil.replace("'", "'\\''")}' – jobshim timeline`)
  assert.match(await hover(page, 0.5, 0), /<\/script><script>document\.title/)
  await page.fill('#filter', 'onerror')
  assert.equal(await cells(page, 'Tools'), [evil])
  await page.click('#costs button.file')
  await page.click('#scheme')
  assert.is(await page.locator('img, #tip script, #costs script, header script').count(), 0)
  assert.is(await page.locator('script').count(), 2)
  assert.not.match(await page.title(), /^owned/)
  await close(visited)
})

testWith('chromium', "timeline :: svg :: other people's names are text, whatever they are", async () => {
  const evil = '</title></text><script>alert(1)</script>]]><!--"\'&amp;\u0001\ud800'
  const directory = makeWorkspace()
  const events = [start({ command: [evil] }), tool({ at: began + 1, ranSeconds: 8, tool: evil }), end()]
  writeFileSync(join(directory, 'build.jsonl'), journalOf(events))
  const drawn = await jobshim(['timeline', 'build.jsonl', '-o', 'build.svg'], { cwd: directory })
  assert.is(drawn.status, 0, drawn.stderr)
  browser ??= await startBrowser()
  const visited = await visit(browser, join(directory, 'build.svg'))
  const { page } = visited
  assert.is(await page.locator('parsererror, script').count(), 0)
  const shown = evil.replace('\u0001', '\ufffd').replace('\ud800', '\ufffd')
  const texts = await page.locator('text').allTextContents()
  assert.ok(texts.includes(shown), texts.join('\n'))
  assert.is(await page.locator('title').textContent(), `Slots over time of '${shown.replace("'", "'\\''")}'`)
  await close(visited)
})

testWith('chromium', 'timeline :: page :: an odd build is drawn as well', async () => {
  const odd: Record<string, object[]> = {
    'no tool run': [start(), past(), end()],
    'one instant': [tool({ ranSeconds: 0 })],
    'one microsecond': [tool({ ranSeconds: 0.000001 })],
    'a year': [tool(), tool({ at: began + 31_536_000 })],
    'overdrafts alone': [tool({ slot: 'overdraft' }), tool({ slot: 'overdraft' })],
    'many slots': [
      start({ jobs: 500 }),
      ...Array.from({ length: 900 }, (_, pid) => tool({ pid: pid + 1, at: began + (pid % 3) })),
      end(),
    ],
    'the wrong clock': [tool({ at: 0 }), tool({ at: -5 })],
    'many tools': Array.from({ length: 30 }, (_, index) =>
      tool({ tool: `tool-${index}`, at: began + index }),
    ),
  }
  for (const [what, events] of Object.entries(odd)) {
    const visited = await open(events)
    assert.equal(visited.complaints, [], what)
    assert.is(await visited.page.locator('#picture canvas').count(), 1, what)
    await hover(visited.page, 0.5, 0)
    await visited.page.click('#zoom-in')
    await close(visited)
  }
})

testWith('chromium', 'timeline :: page :: 50,000 runs', async () => {
  const visited = await open(buildOf({ runs: 50_000, jobs: 16 }))
  const { page } = visited
  const marks = await page.evaluate(() =>
    performance
      .getEntriesByType('mark')
      .map(({ name, startTime }) => `${name} after ${Math.round(startTime)} ms`),
  )
  console.log(`\nmeasured a page of 50,000 runs: ${marks.join(', ')}`)
  assert.equal(
    marks.map(mark => mark.replace(/ after.*/, '')),
    ['picture drawn', 'table drawn'],
  )
  assert.is(await text(page, '#count'), '49,999 files')
  assert.match(await hover(page, 0.5, 5), /and \d+ shorter here: zoom in/)
  await page.fill('#filter', 'module-31234')
  await page.click('#costs button.file')
  const times = await page.evaluate(async () => {
    const taken: number[] = []
    for (let turn = 0; turn < 10; turn++) {
      const began = performance.now()
      document.getElementById(turn < 5 ? 'zoom-out' : 'earlier')?.click()
      await new Promise(requestAnimationFrame)
      taken.push(performance.now() - began)
    }
    return taken.sort((a, b) => a - b)
  })
  console.log(
    `\nmeasured its zoom and movement: ${Math.round(times[5] ?? 0)} ms, at most ${Math.round(times[9] ?? 0)} ms`,
  )
  await close(visited)
})

test.run()
