/** A look takes time, on a loaded machine a long one: what ends in its midst was what it was. */
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'

const units = ['a', 'b', 'c', 'd', 'e', 'f']
const body = Array.from({ length: 400 }, (_, n) => `int f${n}(int i) { return i * ${n}; }\n`).join('')

const build = `mkfifo pool; exec 9<>pool; printf ++ >&9
export MAKEFLAGS=" -j3 --jobserver-auth=fifo:$PWD/pool" PATH="$PWD/shims:$PATH"
strace -qq -o trace -e trace=openat,readlink -e inject=openat,readlink:delay_enter=3000 \\
  shims/.jobshim/look bypass $$ </dev/null 9>&- &
looks=$!
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  running=
  for unit in ${units.join(' ')}; do gcc -c $unit.c & running="$running $!"; done
  wait $running
done
grep -q '"/proc/.*/environ"' trace || echo 'the looks saw no tool'
kill $(cat /proc/$looks/task/$looks/children)
wait $looks
`

testWith(
  ['strace'],
  'past :: a look that takes long :: compilers that end in its midst had their slot :: nothing is told',
  async () => {
    const root = makeWorkspace()
    writeFiles(root, Object.fromEntries(units.map(unit => [`${unit}.c`, body])))
    await installShims(`${root}/shims`, { cwd: root, args: ['--tools', 'gcc'] })
    assert.equal(await run('sh', ['-c', build], { cwd: root }), {
      status: 0,
      signal: null,
      stdout: '',
      stderr: '',
    })
  },
)

test.run()
