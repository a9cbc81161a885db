import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  grouped,
  renderClock,
  renderInstant,
  renderMemory,
  renderPart,
  renderTime,
} from '../../src/timeline/amounts.js'
import { tickInterval } from '../../src/timeline/picture.js'

for (const [microseconds, text] of [
  [0, '0 s'],
  [1, '1 µs'],
  [999, '999 µs'],
  [999.6, '1.0 ms'],
  [9_949, '9.9 ms'],
  [9_950, '10 ms'],
  [999_499, '999 ms'],
  [999_500, '1.00 s'],
  [9_994_999, '9.99 s'],
  [9_995_000, '10.0 s'],
  [59_949_999, '59.9 s'],
  [59_950_000, '1 min 00 s'],
  [65_000_000, '1 min 05 s'],
  [3_599_400_000, '59 min 59 s'],
  [3_599_500_000, '1 h 00 min'],
  [7_380_000_000, '2 h 03 min'],
  [360_000_000_000, '100 h 00 min'],
] as const)
  test(`amounts :: ${microseconds} µs are ${text}`, () => assert.is(renderTime(microseconds), text))

for (const [microseconds, apart, text] of [
  [0, 1e6, '0 s'],
  [1_500_000, 500_000, '1.5 s'],
  [1_500_000, 1000, '1.500 s'],
  [12, 1, '0.000012 s'],
  [59_999_999, 1e6, '1:00'],
  [65_250_000, 50_000, '1:05.25'],
  [3_600e6, 60e6, '1:00:00'],
  [36_061e6, 1e6, '10:01:01'],
] as const)
  test(`amounts :: the instant ${microseconds} is ${text} where others are ${apart} apart`, () =>
    assert.is(renderInstant(microseconds, apart), text))

for (const [part, text] of [
  [0, '0 %'],
  [0.0001, '< 1 %'],
  [0.345, '35 %'],
  [0.9999, '> 99 %'],
  [1, '100 %'],
] as const)
  test(`amounts :: ${part} is ${text}`, () => assert.is(renderPart(part), text))

test('amounts :: memory, and large numbers', () => {
  assert.equal([0, 512, 2048, 1536 * 1024].map(renderMemory), ['0', '512 KB', '2 MB', '1.5 GB'])
  assert.equal([0, 999, 1000, 1234567].map(grouped), ['0', '999', '1,000', '1,234,567'])
})

test('amounts :: labels of the time axis are as far apart as people count, and never too near', () => {
  const asked = [50, 900, 5e4, 1e6, 1.2e7, 6e7, 6e8, 7.2e9, 1e11, 1e13]
  assert.equal(
    asked.map(span => tickInterval(span, 1200) / 1e6),
    [0.000005, 0.0001, 0.005, 0.1, 1, 5, 60, 600, 10800, 777600],
  )
  for (const span of asked)
    for (const width of [400, 1200]) assert.ok(span / tickInterval(span, width) <= (width - 72) / 84)
})

for (const [zone, date, time, told] of [
  ['UTC', '2027-01-15', '08:00:00', 'UTC'],
  ['Asia/Kolkata', '2027-01-15', '13:30:00', '+05:30'],
  ['America/Los_Angeles', '2027-01-15', '00:00:00', '-08:00'],
  ['Pacific/Auckland', '2027-01-15', '21:00:00', '+13:00'],
] as const)
  test(`amounts :: an instant by the clocks of ${zone}`, () => {
    process.env.TZ = zone
    assert.equal(renderClock(1_800_000_000_000), { date, time, zone: told })
  })

test.run()
