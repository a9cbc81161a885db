/** gcc and what starts it several times at once, below a tool that has a slot. Whoever waits for what waits for it waits for ever here. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { buildProgram } from '../support/built.js'
import { jobshim } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { makeGccPlace } from './real-gcc.js'

const names = ['a', 'b', 'c', 'd']

/** With a program that a rule makes a tool, `./builder COMMAND`, and a Makefile for four objects. */
async function prepare() {
  const { root, flag, env, shims, take } = await makeGccPlace()
  buildProgram(join(root, 'builder'), ['starts-others.c'])
  writeFileSync(join(root, 'config.json'), JSON.stringify({ rules: [{ program: '**/builder' }] }))
  writeFiles(root, {
    ...Object.fromEntries(names.map(name => [`${name}.c`, `int ${name}(void) { return 1; }\n`])),
    'main.c': `${names.map(name => `int ${name}(void);`).join('\n')}\nint main(void) { return ${names.map(name => `${name}()`).join(' + ')} - 4; }\n`,
    Makefile: `main: ${names.map(name => `${name}.o`).join(' ')}\n\t@/usr/bin/gcc main.c $^ -o $@\n%.o: %.c\n\t@/usr/bin/gcc ${flag} -pipe -c $< -o $@\n`,
  })
  const words = ['run', '--sandbox', '--json', '--config', join(root, 'config.json'), '--dir', shims]
  const run = (jobs: number, script: string) =>
    jobshim([...words, `-j${jobs}`, '--', 'sh', '-c', `${script} && ./main`], {
      cwd: root,
      env: { ...env, JOBSHIM_PATIENCE: '0' },
    })
  return { flag, run, take }
}

const ways: Readonly<Record<string, (flag: string) => string>> = {
  'a program that a rule names runs make -j3, which has a pool of its own': () =>
    './builder "env -u MAKEFLAGS /usr/bin/make -s -j3"',
  'it runs make -j3 by its adapter': () => './builder "make -s -j3"',
  'it starts all at once': flag =>
    `./builder '${names.map(name => `/usr/bin/gcc ${flag} -c ${name}.c & `).join('')}wait' && /usr/bin/gcc main.c ?.o -o main`,
  'gcc -pipe compiles several files and links them': flag =>
    `/usr/bin/gcc ${flag} -pipe main.c ?.c -o main`.replace('?.c', names.map(name => `${name}.c`).join(' ')),
  'gcc -flto=3 starts make by its adapter': flag => lto(flag, '/usr/bin/gcc'),
  'gcc -flto=3 starts make, which has a pool of its own': flag =>
    lto(flag, 'env -i PATH=/usr/bin:/bin /usr/bin/gcc'),
}

/** Links parts that are optimized at once. */
function lto(flag: string, gcc: string): string {
  const flags = '-O2 -fno-ipa-icf -fno-inline -flto=3'
  const objects = names.map(name => `/usr/bin/gcc ${flags} -c ${name}.c`).join(' && ')
  return `${objects} && ${gcc} ${flags} -flto-partition=1to1 ${flag} main.c ?.o -o main`
}

for (const [name, script] of Object.entries(ways))
  for (const jobs of [1, 2])
    testWith('gcc', `sandbox :: beside gcc :: ${name}, at -j${jobs}`, async () => {
      const { flag, run, take } = await prepare()
      const outcome = await run(jobs, script(flag))
      assert.equal([outcome.status, outcome.stdout], [0, ''], outcome.stderr)
      const { back, total, overdrafts } = JSON.parse(outcome.stderr)
      assert.equal([back, total, overdrafts], [jobs - 1, jobs - 1, 0], outcome.stderr)
      const told = take()
      assert.ok(told.runs >= 4, `${told.runs} runs`)
      assert.ok(told.peak <= jobs, `${told.peak} at once under -j${jobs}`)
    })

test.run()
