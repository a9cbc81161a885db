import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nameIn, textsOf } from '../../src/timeline/names.js'
import { inkOn, themes } from '../../src/timeline/theme.js'
import { began, chartFrom, end, start, tool } from '../support/journals.js'

const texts = ['gcc src/parser.c', 'src/parser.c', 'parser.c']
const written = (width: number, height = 18): string[] =>
  nameIn({ x: 10, width, top: 100, height }, texts, '#000000').map(({ text }) => text)

test('names :: as much as a bar has room for, and nothing on a bar that is too small', () => {
  assert.equal(written(200), ['gcc src/parser.c'])
  assert.equal(written(90), ['src/parser.c'])
  assert.equal(written(62), ['parser.c'])
  assert.equal(written(48), ['parse…'])
  assert.equal(written(30), [])
  assert.equal(written(200, 12), [])
  const [name] = nameIn({ x: 10, width: 200, top: 100, height: 18 }, texts, '#123456')
  assert.equal(name, { text: 'gcc src/parser.c', x: 14, y: 109, width: 192, fill: '#123456' })
})

test('names :: a run is called by its tool and file, by its tool alone where no file is told', () => {
  const chart = chartFrom([start(), tool({ file: 'lib/x.c' }), tool({ at: began + 2, file: '' }), end()])
  assert.equal(textsOf(chart, 0), ['gcc lib/x.c', 'lib/x.c', 'x.c'])
  assert.equal(textsOf(chart, 1), ['gcc'])
})

test('names :: on each colour the ink that is read best', () => {
  const { light, dark } = themes
  assert.is(inkOn('#000080', 1, light), light.background)
  assert.is(inkOn('#ffff00', 1, light), light.text)
  assert.is(inkOn('#000080', 1, dark), dark.text)
  assert.is(inkOn('#ffff00', 1, dark), dark.background)
  assert.is(inkOn('#000080', 0.1, light), light.text, 'a pale colour is nearly the background')
})

test.run()
