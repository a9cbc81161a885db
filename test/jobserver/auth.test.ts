import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findAuth, formatAuth, type JobserverAuth, withJobserver } from '../../src/jobserver/auth.js'

const fifo = (path: string): JobserverAuth => ({ kind: 'fifo', path })
const pipe = (readFd: number, writeFd: number, spelling: 'auth' | 'legacy' = 'auth'): JobserverAuth => ({
  kind: 'pipe',
  readFd,
  writeFd,
  spelling,
})

const found: readonly { makeflags: string; auth: JobserverAuth | undefined; why: string }[] = [
  { makeflags: '', auth: undefined, why: 'nothing' },
  { makeflags: 'ks', auth: undefined, why: 'letters alone' },
  { makeflags: ' -j4 --jobserver-auth=3,4', auth: pipe(3, 4), why: 'make 4.2 and 4.3' },
  { makeflags: 'ks -j --jobserver-fds=5,6', auth: pipe(5, 6, 'legacy'), why: 'make <= 4.1' },
  { makeflags: ' -j8 --jobserver-auth=fifo:/tmp/GMfifo1', auth: fifo('/tmp/GMfifo1'), why: 'make >= 4.4' },
  { makeflags: '\t-j8\t--jobserver-auth=3,4', auth: pipe(3, 4), why: 'tabs' },
  { makeflags: '--jobserver-auth=3,4 --jobserver-auth=5,6', auth: pipe(5, 6), why: 'the last one holds' },
  {
    makeflags: '--jobserver-fds=3,4 --jobserver-auth=fifo:/f',
    auth: fifo('/f'),
    why: 'whatever its spelling',
  },
  {
    makeflags: '--jobserver-auth=3,4 --jobserver-auth=-2,-2',
    auth: pipe(3, 4),
    why: 'negative: the earlier',
  },
  { makeflags: '--jobserver-auth=-2,-2', auth: undefined, why: 'negative alone' },
  { makeflags: '-k -- A=--jobserver-auth=3,4', auth: undefined, why: 'a variable is none' },
  { makeflags: '-j2 -- --jobserver-auth=3,4', auth: undefined, why: 'behind -- all is variables' },
  { makeflags: '--jobserver-auth=fifo:', auth: undefined, why: 'no path' },
  { makeflags: '--jobserver-auth=3', auth: undefined, why: 'one fd' },
  { makeflags: '--jobserver-auth=3,', auth: undefined, why: 'half a pair' },
  { makeflags: '--jobserver-auth=3,4x', auth: undefined, why: 'garbage behind it' },
  { makeflags: '--jobserver-auth=3, 4', auth: undefined, why: 'a space within' },
  { makeflags: '--jobserver-authority=3,4', auth: undefined, why: 'another option' },
  {
    makeflags: '--jobserver-auth=fifo:/t\\ mp/GMfifo1',
    auth: fifo('/t mp/GMfifo1'),
    why: 'a blank in its path',
  },
  { makeflags: '--jobserver-auth=fifo:/t\\\\mp', auth: fifo('/t\\mp'), why: 'a backslash in its path' },
  { makeflags: '--jobserver-auth fifo:/f', auth: fifo('/f'), why: 'a word of its own' },
  { makeflags: '--jobserver-a=fifo:/f', auth: fifo('/f'), why: 'an abbreviated option' },
  { makeflags: '--eval=A=1\\ --jobserver-auth=fifo:/nope', auth: undefined, why: 'words of an --eval' },
  { makeflags: '--eval --jobserver-auth=fifo:/nope', auth: undefined, why: 'the argument of an --eval' },
  { makeflags: 'A=1\\ --jobserver-auth=fifo:/nope', auth: undefined, why: 'words of a variable' },
  { makeflags: '-I -- --jobserver-auth=3,4', auth: pipe(3, 4), why: 'behind -- that is an argument' },
  { makeflags: `--jobserver-auth=${'9'.repeat(1_000_000)}`, auth: undefined, why: '1 MB of garbage' },
]

for (const { makeflags, auth, why } of found)
  test(`auth :: find :: ${why}`, () => {
    assert.equal(findAuth(makeflags), auth)
  })

for (const auth of [fifo('/tmp/GMfifo1'), fifo('/a b\\c\td'), pipe(3, 4), pipe(3, 4, 'legacy')])
  test(`auth :: format :: ${formatAuth(auth)} is found again`, () => {
    assert.equal(findAuth(` -j2 ${formatAuth(auth)}`), auth)
  })

const written: readonly { makeflags: string; result: string; why: string }[] = [
  { makeflags: '', result: ' -j3 --jobserver-auth=fifo:/f', why: 'make writes a space where no letters are' },
  { makeflags: 'ks', result: 'ks -j3 --jobserver-auth=fifo:/f', why: 'letters stay first' },
  { makeflags: 'kj8', result: 'k -j3 --jobserver-auth=fifo:/f', why: 'the j among letters goes' },
  {
    makeflags: ' -j8 --jobserver-auth=3,4',
    result: ' -j3 --jobserver-auth=fifo:/f',
    why: 'the old address goes',
  },
  {
    makeflags: 's -j --jobserver-fds=3,4',
    result: 's -j3 --jobserver-auth=fifo:/f',
    why: 'the legacy one too',
  },
  { makeflags: '--jobs=8', result: ' -j3 --jobserver-auth=fifo:/f', why: 'the long option goes' },
  {
    makeflags: 'k --no-print-directory -I/x -- CC=gcc J=-j8',
    result: 'k --no-print-directory -I/x -j3 --jobserver-auth=fifo:/f -- CC=gcc J=-j8',
    why: 'other options and all variables stay',
  },
  { makeflags: '-k', result: '-k -j3 --jobserver-auth=fifo:/f', why: 'nothing is put before it' },
  { makeflags: 'k\t-s\t-- A=1', result: 'k\t-s -j3 --jobserver-auth=fifo:/f\t-- A=1', why: 'tabs stay' },
  { makeflags: '-- A=1', result: ' -j3 --jobserver-auth=fifo:/f -- A=1', why: 'variables alone' },
  {
    makeflags: 'k -I',
    result: 'k -j3 --jobserver-auth=fifo:/f -I',
    why: 'an -I without a directory takes none of ours',
  },
  { makeflags: 'kI', result: ' -j3 --jobserver-auth=fifo:/f -kI', why: 'among letters, which get a dash' },
  { makeflags: 'k A=\\', result: 'k A=\\\\ -j3 --jobserver-auth=fifo:/f', why: 'nor does a last backslash' },
]

for (const { makeflags, result, why } of written)
  test(`auth :: withJobserver :: ${why}`, () => {
    assert.is(withJobserver(makeflags, 3, fifo('/f')), result)
    assert.equal(findAuth(withJobserver(makeflags, 3, fifo('/f'))), fifo('/f'))
  })

test.run()
