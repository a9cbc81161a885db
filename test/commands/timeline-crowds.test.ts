/** Journals of whatever there may be many of. */
import { test } from 'uvu'
import { began, end, journalOf, past, start, tool } from '../support/journals.js'
import { draw } from './drawing.js'

const many = 30_000
const each = <Item>(make: (index: number) => Item): Item[] =>
  Array.from({ length: many }, (_, index) => make(index))

/** Whatever may be many: each is quadratic for somebody who looks at all of them for each of them. */
const crowds: Readonly<Record<string, { journal: readonly object[]; said: string }>> = {
  'runs that overlap, without a limit': {
    journal: each(index => tool({ at: began + index / 1e4, ranSeconds: 100 })),
    said: '30,000 tool runs',
  },
  'runs that overlap, of many slots each': {
    journal: each(index =>
      tool({ at: began + index / 1e4, ranSeconds: 0.01 + (index % 7), slots: 1 + (index % 64) }),
    ),
    said: '30,000 tool runs',
  },
  'runs that overlap, in few slots': {
    journal: [
      start(),
      ...each(index =>
        tool({ at: began + index / 1e4, ranSeconds: 100, slot: 'implicit', job: String(index) }),
      ),
    ],
    said: '30,000 tool runs',
  },
  'runs within one run': {
    journal: each(index =>
      tool({ at: began + index / 1e4, ranSeconds: 100 - index / 1e3, slot: 'implicit' }),
    ),
    said: '30,000 tool runs',
  },
  'clients that overlap, and children of theirs': {
    journal: each(index =>
      tool({
        at: began + index / 1e4,
        ranSeconds: 100,
        slot: 'caller',
        kind: index % 2 === 0 ? 'client' : 'compile',
        directory: `/build/${index % 3}`,
        job: String(index),
      }),
    ),
    said: '30,000 tool runs',
  },
  'overdrafts beside pauses': {
    journal: [
      start({ jobs: 4 }),
      ...each(index =>
        index % 2 === 0
          ? tool({ at: began + index / 1e4, ranSeconds: 100, slot: 'overdraft' })
          : tool({ at: began + index / 1e4, ranSeconds: 1e-5, slots: 4 }),
      ),
    ],
    said: '30,000 tool runs',
  },
  'killed builds that begin at once, and tools behind them': {
    journal: [
      ...each(index => start({ pid: index + 1 })),
      ...each(index => tool({ at: began + 100 + index })),
    ],
    said: '30,000 tool runs',
  },
  'builds that joined a pool before there was one': {
    journal: [
      ...each(index => start({ pid: index + 1, jobs: undefined })),
      ...each(index => start({ pid: many + index + 1, at: began + 1 })),
      tool({ ranSeconds: 5 }),
    ],
    said: '1 tool run',
  },
  'builds with ends, and what went past their shims': {
    journal: [
      ...each(index => [
        start({ pid: 7, at: began + 2 * index }),
        end({ pid: 7, at: began + 2 * index + 0.5 }),
      ]).flat(),
      ...each(() => past({ pid: 7, at: began + 9e5 })),
      tool({ at: began }),
    ],
    said: '1 tool run, all 30000 builds',
  },
}

for (const [what, { journal, said }] of Object.entries(crowds))
  test(`timeline :: hostile :: 30,000 ${what} :: drawn`, async () => {
    const text = journalOf(journal)
    await draw(text, 'html', said)
    await draw(text, 'svg', said)
    await draw(text, 'json', said)
  })

test('timeline :: hostile :: 200,000 builds :: drawn as one', async () => {
  const builds = Array.from({ length: 200_000 }, (_, index) => start({ at: began + index, jobs: undefined }))
  await draw(journalOf([...builds, tool()]), 'svg', '1 tool run, all 199999 builds')
})

test.run()
