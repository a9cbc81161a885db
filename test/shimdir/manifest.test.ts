import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageVersion } from '../../src/ground/version.js'
import { parseManifest, renderManifest } from '../../src/shimdir/manifest.js'

const link = { name: 'cc', target: '.jobshim/bin/cc' }
const text = (value: unknown): string => JSON.stringify(value)

test('manifest :: what is written is read again, sorted', () => {
  assert.equal(parseManifest(renderManifest(['ld', 'cc'])), {
    version: 1,
    jobshim: packageVersion(),
    links: [link, { name: 'ld', target: '.jobshim/bin/ld' }],
  })
})

test('manifest :: what is begun and not ended', () => {
  assert.equal(parseManifest(renderManifest(['cc'], ['cc'])), {
    version: 1,
    jobshim: packageVersion(),
    links: [link],
    pending: ['cc'],
  })
})

test('manifest :: that of an older version, whose shims all led to one file', () => {
  const old = { version: 1, jobshim: '1', links: [{ name: 'cc', target: '.jobshim/launcher' }] }
  assert.equal(parseManifest(text(old)), old)
})

const bad: Record<string, string> = {
  'no text': '',
  'no JSON': '{"version":1,',
  'no object': '[]',
  'another version': text({ version: 2, jobshim: '9', links: [link] }),
  'no version of jobshim': text({ version: 1, links: [link] }),
  'begun, and no link': text({ version: 1, jobshim: '1', links: [link], pending: ['ld'] }),
  'no links': text({ version: 1, jobshim: '1' }),
  'a link without a name': text({ version: 1, jobshim: '1', links: [{ target: link.target }] }),
  'a link to elsewhere': text({ version: 1, jobshim: '1', links: [{ ...link, target: '/bin/sh' }] }),
  "a link to another tool's file": text({ version: 1, jobshim: '1', links: [{ ...link, name: 'ld' }] }),
  'a name that leaves the dir': text({ version: 1, jobshim: '1', links: [{ ...link, name: '../cc' }] }),
  'the name ..': text({ version: 1, jobshim: '1', links: [{ ...link, name: '..' }] }),
  'the name .jobshim': text({ version: 1, jobshim: '1', links: [{ ...link, name: '.jobshim' }] }),
  'an empty name': text({ version: 1, jobshim: '1', links: [{ ...link, name: '' }] }),
  'a name with a newline': text({ version: 1, jobshim: '1', links: [{ ...link, name: 'cc\n' }] }),
}

for (const [title, manifest] of Object.entries(bad)) {
  test(`manifest :: not believed :: ${title}`, () => {
    assert.is(parseManifest(manifest), undefined)
  })
}

test.run()
