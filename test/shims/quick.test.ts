import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ClientKey, findClient } from '../support/clients.js'
import { jobshim } from '../support/jobshim.js'
import { writeFiles } from '../support/workspace.js'
import { makeYard } from '../yard/yard.js'

/** What a launcher must not do on its way to a slot that is free: sleep. */
const needs: readonly ClientKey[] = ['make43', 'strace']
const traced = (name: string): string =>
  `strace -qq -e trace=nanosleep,clock_nanosleep -o ${name}.trace hold </dev/null >${name}`
const inRecipes = `all: a b c\n\na b c:\n\t@${traced('$@')}; test $$? -eq 7\n`

const makes: readonly { name: string; make: string; makefile?: string }[] = [
  { name: 'of its own pool', make: 'make -j2' },
  { name: 'without a pool', make: 'env -u MAKEFLAGS make' },
  { name: 'of our pool', make: 'make' },
  {
    name: 'that reads its makefiles, and has a pool of its own later',
    make: 'make -j2',
    makefile: `read := $(foreach name,a b c,$(shell ${traced('$(name)')}))\nall:;@:\n`,
  },
]

for (const { name, make, makefile = inRecipes } of makes) {
  const title = `quick :: a tool below a make ${name} sleeps nowhere`
  if (needs.some(key => findClient(key) === undefined)) {
    test.skip(title)
    continue
  }
  test(title, async () => {
    const yard = await makeYard('')
    writeFiles(yard.root, { Makefile: makefile })
    const path = `${join(findClient('make43') ?? '')}:${yard.env.PATH}`
    const command = [...make.split(' '), '--no-print-directory']
    assert.equal(
      await jobshim(['run', '-q', '-j4', '--dir', yard.shims, '--', ...command], {
        cwd: yard.root,
        env: { ...yard.env, PATH: path },
      }),
      { status: 0, signal: null, stdout: '', stderr: '' },
    )
    const traces = readdirSync(yard.root).filter(file => file.endsWith('.trace'))
    assert.is(traces.length, 3)
    for (const trace of traces) assert.is(readFileSync(join(yard.root, trace), 'utf8'), '', trace)
  })
}

test.run()
