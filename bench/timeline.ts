/** How long a timeline of 50,000 tool runs takes: to draw it, and to open its page in a browser. */
import { statSync, writeFileSync } from 'node:fs'
import { readJournal } from '../src/timeline/read.js'
import { startBrowser, visit } from '../test/support/browser.js'
import { buildOf, journalOf } from '../test/support/journals.js'
import { milliseconds, print, spread, table } from './figures.js'
import { inScratch, jobshim, run } from './scratch.js'

const runs = 50_000
const jobs = 16

/** Prints a row for each step, of so many rounds. */
export async function printTimeline(rounds: number): Promise<void> {
  const journal = inScratch('timeline.jsonl')
  writeFileSync(journal, journalOf(buildOf({ runs, jobs })))
  const samples = new Map<string, number[]>()
  const note = (step: string, ms: number): void => {
    samples.set(step, [...(samples.get(step) ?? []), ms * 1e6])
  }
  const timed = (step: string, action: () => void): void => {
    const began = performance.now()
    action()
    note(step, performance.now() - began)
  }
  const browser = await startBrowser()
  try {
    for (let round = 0; round < rounds; round++) {
      timed('reading the journal', () => readJournal(journal))
      for (const suffix of ['html', 'svg', 'json'])
        timed(`\`jobshim timeline -o .${suffix}\``, () =>
          run([...jobshim, 'timeline', journal, '-o', inScratch(`timeline.${suffix}`)]),
        )
      const { page } = await visit(browser, inScratch('timeline.html'))
      await page.waitForSelector('html[data-table=drawn]')
      const marks = await page.evaluate(() =>
        performance.getEntriesByType('mark').map(({ name, startTime }) => ({ name, startTime })),
      )
      for (const { name, startTime } of marks) note(`the page: ${name}`, startTime)
      await page.context().close()
    }
  } finally {
    await browser.close()
  }
  table(`A timeline of ${runs} tool runs in ${jobs} slots, ${rounds} rounds`, 'step', 'ms (quartiles)')
  for (const [step, numbers] of samples) print(step, milliseconds(spread(numbers)))
  const size = (name: string): string => `${(statSync(inScratch(name)).size / 1e6).toFixed(1)} MB`
  const suffixes = ['jsonl', 'html', 'svg', 'json']
  console.log(`\nSizes: ${suffixes.map(suffix => `.${suffix} ${size(`timeline.${suffix}`)}`).join(', ')}`)
}
