import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { installShims } from '../support/shimdir.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

/** A ninja that writes down when it is asked for its version, and says what address it finds. */
const source = `#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		FILE *log = fopen(LOG, "a");
		fputs("asked\\n", log);
		puts(VERSION);
		return 0;
	}
	puts(strstr(getenv("MAKEFLAGS"), "fifo:") ? "fifo" : "pipe");
	return 0;
}
`

type Yard = {
  root: string
  shims: string
  versions: string
  ninja: string
  put: (version: string, change?: 'in place') => void // another program in ninja's place
  call: (redirections?: string) => Promise<string> // what a start of it shows: the style that it finds
  tokens: () => string // in the pool; of one
  asked: () => number // how often it was asked since the last time
}

async function makeNinja(version: string): Promise<Yard> {
  const root = makeWorkspace()
  mkdirSync(join(root, 'bin'))
  mkdirSync(join(root, 'run'), { mode: 0o700 })
  const log = join(root, 'log')
  const ninja = join(root, 'bin/ninja')
  writeFiles(root, { 'ninja.c': source })
  const put = (other: string): void => {
    const defines = [`-DVERSION="${other}"`, `-DLOG="${log}"`]
    execFileSync('cc', [...defines, '-o', join(root, 'built'), join(root, 'ninja.c')])
    renameSync(join(root, 'built'), ninja)
  }
  put(version)
  const path = `${join(root, 'bin')}:${process.env.PATH}`
  const shims = await installShims(join(root, 'shims'), { args: ['--tools', 'ninja'], env: { PATH: path } })
  const pool = makeFifo(root, 'a')
  return {
    root,
    shims,
    versions: join(shims, '.jobshim/versions'),
    ninja,
    put,
    async call(redirections = '') {
      const env = {
        PATH: `${shims}:${path}`,
        XDG_RUNTIME_DIR: join(root, 'run'),
        JOBSHIM_JOBSERVER: pool.auth,
        MAKEFLAGS: ' -j2 --jobserver-auth=3,4',
      }
      const { status, stdout, stderr } = await run('sh', ['-c', `exec ninja ${redirections}`], { env })
      assert.equal([status, stderr], [0, ''])
      return stdout.trim()
    },
    tokens: pool.count,
    asked() {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : ''
      rmSync(log, { force: true })
      return text.split('\n').length - 1
    },
  }
}

test('versions :: asked for once, and kept', async () => {
  const { call, asked, versions, tokens } = await makeNinja('1.13.2')
  for (let round = 0; round < 3; round++) assert.is(await call(), 'fifo')
  assert.is(asked(), 1)
  assert.is(tokens(), 'a')
  assert.equal(readdirSync(versions), ['ninja'])
  assert.match(
    readFileSync(join(versions, 'ninja'), 'utf8'),
    /^program=\d+ \d+ \d+ \d+\.\d{9}\nversion=1\.13\n$/,
  )
  assert.is(lstatSync(join(versions, 'ninja')).mode & 0o777, 0o644)
})

test('versions :: asked for without a stdin, stdout and stderr', async () => {
  for (const redirections of ['<&- >&-', '>&-', '<&- >&- 2>&-']) {
    const { call, versions } = await makeNinja('1.13.2')
    await call(redirections)
    assert.match(readFileSync(join(versions, 'ninja'), 'utf8'), /\nversion=1\.13\n$/)
  }
})

test('versions :: asked for anew where the program is another', async () => {
  const { call, asked, put, ninja, root, tokens } = await makeNinja('1.13.2')
  assert.is(await call(), 'fifo')
  put('1.11.1')
  assert.is(await call(), 'pipe')
  assert.is(await call(), 'pipe')
  assert.is(asked(), 2)
  utimesSync(ninja, 1, 1) // the same bytes, as a package that was installed again
  assert.is(await call(), 'pipe')
  assert.is(asked(), 1)
  copyFileSync(ninja, join(root, 'copy'))
  renameSync(join(root, 'copy'), ninja)
  assert.is(await call(), 'pipe')
  assert.is(asked(), 1)
  assert.is(tokens(), 'a')
})

test('versions :: a script is asked each time: what it starts may change', async () => {
  const { call, asked, ninja, root, versions, tokens } = await makeNinja('1.13.2')
  renameSync(ninja, join(root, 'real'))
  writeFileSync(ninja, `#!/bin/sh\nexec ${join(root, 'real')} "$@"\n`, { mode: 0o755 })
  assert.is(await call(), 'fifo')
  assert.is(await call(), 'fifo')
  assert.is(asked(), 2)
  assert.is(tokens(), 'a')
  assert.equal(readdirSync(versions), [])
})

const bad: Readonly<Record<string, (place: string, good: string) => void>> = {
  empty: place => writeFileSync(place, ''),
  garbage: place => writeFileSync(place, '\0\xff'.repeat(1000)),
  'cut off': (place, good) => writeFileSync(place, good.slice(0, -2)),
  'no version': (place, good) => writeFileSync(place, good.replace(/version=.*/, 'version=x')),
  'a symlink to a good one': (place, good) => {
    writeFileSync(`${place}.good`, good)
    symlinkSync(`${place}.good`, place)
  },
  'a symlink to nothing': place => symlinkSync('nowhere', place),
  'a FIFO': place => execFileSync('mkfifo', [place]),
}

for (const [name, spoil] of Object.entries(bad))
  test(`versions :: a bad file is put right :: ${name}`, async () => {
    const { call, asked, versions, tokens } = await makeNinja('1.13.2')
    const place = join(versions, 'ninja')
    assert.is(await call(), 'fifo')
    const good = readFileSync(place, 'utf8')
    rmSync(place)
    spoil(place, good)
    asked()
    assert.is(await call(), 'fifo')
    assert.is(await call(), 'fifo')
    assert.is(asked(), 1)
    assert.is(tokens(), 'a')
    assert.ok(lstatSync(place).isFile())
    assert.is(readFileSync(place, 'utf8'), good)
  })

const unkept: Readonly<Record<string, (versions: string, root: string) => void>> = {
  'no directory': versions => rmSync(versions, { recursive: true }),
  'a directory that others may write': versions => chmodSync(versions, 0o777),
  'a symlink to a directory': (versions, root) => {
    rmSync(versions, { recursive: true })
    mkdirSync(join(root, 'elsewhere'))
    symlinkSync(join(root, 'elsewhere'), versions)
  },
  'a file': versions => {
    rmSync(versions, { recursive: true })
    writeFileSync(versions, '')
  },
  'a directory of that name': versions => mkdirSync(join(versions, 'ninja')),
}

for (const [name, spoil] of Object.entries(unkept))
  test(`versions :: asked for each time where it can't be kept :: ${name}`, async () => {
    const { call, asked, versions, root, tokens } = await makeNinja('1.13.2')
    spoil(versions, root)
    assert.is(await call(), 'fifo')
    assert.is(await call(), 'fifo')
    assert.is(asked(), 2)
    assert.is(tokens(), 'a')
    for (const place of [versions, join(root, 'elsewhere')]
      .filter(existsSync)
      .filter(place => lstatSync(place).isDirectory()))
      assert.equal(
        readdirSync(place).filter(left => left !== 'ninja'),
        [],
      )
  })

test('versions :: many at once :: one whole file is left', async () => {
  const { call, versions, tokens } = await makeNinja('1.13.2')
  const styles = await Promise.all(Array.from({ length: 12 }, call))
  assert.equal([...new Set(styles)], ['fifo'])
  assert.is(tokens(), 'a')
  assert.equal(readdirSync(versions), ['ninja'])
})

test.run()
