import { marked } from 'marked'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { asMarkdown, renderMarkdown } from '../../src/timeline/markdown.js'
import { began, chartFrom, end, past, phase, start, tool } from '../support/journals.js'

/** What a reader sees: the text of HTML, and which elements are around it. */
function seen(html: string): { text: string; elements: string[] } {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }
  return {
    text: html
      .replace(/<[^>]*>/g, '')
      .replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => named[name] ?? '')
      .trim(),
    elements: [...html.matchAll(/<(\w+)/g)].map(([, name = '']) => name),
  }
}

const hostile = [
  'a|b.c',
  '`rm`.c',
  '<script>alert(1)</script>.c',
  '![x](https://example.org/x.png)',
  '[x](javascript:1)',
  '**bold** _em_ ~~gone~~ __init__.c',
  'https://example.org www.example.org a@example.org',
  '\\|\\`\\\\',
  '&lt;&#60;',
  '# head',
  '- item',
  '1. item',
  '> quote',
  '$x$ #1 @name :tada:',
  ']]>-->',
]

for (const name of hostile)
  test(`markdown :: ${name} :: is shown letter by letter, alone and in a table`, async () => {
    const alone = seen(await marked(asMarkdown(name)))
    assert.equal(alone, { text: name, elements: ['p'] })
    const table = seen(await marked(`| a | b |\n| --- | --- |\n| ${asMarkdown(name)} | b |\n`))
    assert.equal(table.elements, ['table', 'thead', 'tr', 'th', 'th', 'tbody', 'tr', 'td', 'td'])
    assert.ok(table.text.includes(name), table.text)
  })

test('markdown :: all ASCII signs :: as they stand', async () => {
  const signs = String.fromCharCode(...Array.from({ length: 0x7e - 0x20 }, (_, index) => 0x21 + index))
  assert.equal(seen(await marked(asMarkdown(signs))), { text: signs, elements: ['p'] })
})

test('markdown :: a build :: figures, slowest files, idle times with their cause, what is on the path', () => {
  const chart = chartFrom([
    start({ jobs: 2 }),
    phase({ command: '/bin/sh ./configure --x', ranSeconds: 4 }),
    tool({ at: began + 1, file: 'conftest.c', exit: 1 }),
    tool({ at: began + 4, file: 'a|b.c', ranSeconds: 3, waitedSeconds: 0.5 }),
    tool({ at: began + 4, file: 'c.c', ranSeconds: 2 }),
    tool({ at: began + 7, file: 'p', kind: 'link', tool: 'ld', ranSeconds: 2.5 }),
    past(),
    end({ coverage: 0.5 }),
  ])
  assert.equal(renderMarkdown(chart), [
    '### jobshim: \\./build\\.sh',
    '',
    [
      'Took **10\\.0 s**',
      'Tool runs **4** (1 probe said no)',
      'Slots used, on average **0\\.8 of 2** (at most 2)',
      'One slot used, or none **80 %** (8\\.00 s)',
      'Slowest file **3\\.00 s** (a\\|b\\.c)',
      'Likely critical path **6\\.50 s** (in 3 tools, 500 ms waiting for a slot, 3\\.00 s in what else ran)',
      'Cores busy, on average **0\\.4 of 2**',
      'Longest wait **500 ms** (gcc a\\|b\\.c)',
      'Memory, at most **128 MB** (sum of the peaks)',
      'Went through the shims **50 %**',
    ].join(', '),
    '',
    '| Slowest files | Tools | Ran | CPU | Runs |',
    '| --- | --- | --- | --- | --- |',
    '| a\\|b\\.c | gcc | 3\\.00 s | 900 ms | 1 |',
    '| p | ld | 2\\.50 s | 900 ms | 1 |',
    '| c\\.c | gcc | 2\\.00 s | 900 ms | 1 |',
    '| \\(probes of autoconf\\) | gcc | 1\\.00 s | 900 ms | 1 |',
    '',
    '| One slot used, or none | At | What ran |',
    '| --- | --- | --- |',
    '| 4\\.00 s | 0\\.0 s | configure \\-\\-x for 4\\.00 s; longest tool\\: gcc conftest\\.c |',
    '| 4\\.00 s | 6\\.0 s | ld p |',
    '',
    '| Longest on the likely critical path | Ran |',
    '| --- | --- |',
    '| gcc a\\|b\\.c | 3\\.00 s |',
    '| ld p | 2\\.50 s |',
    '| gcc conftest\\.c | 1\\.00 s |',
    '',
    '| Past the shims | Started by | Why | Runs |',
    '| --- | --- | --- | --- |',
    '| /usr/bin/gcc | cmake | absolute path in CMakeCache\\.txt\\: /build/CMakeCache\\.txt | 3 |',
  ])
})

test.run()
