import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { test, testWith } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'
import { makeSandboxPlace, peakOf } from './place.js'

/**
 * A waiter is killed while the supervisor is stopped, and another tool gets its number before that sees it. In a PID namespace of its own,
 * where the next number can be chosen.
 */
const reuse = `import os, signal, sys, time

tool = sys.argv[1]

def start(name, ms):
    child = os.fork()
    if child == 0:
        os.execv(tool, [tool, '-c', str(ms), '-o', 'out/' + name])
    return child

def read(path):
    with open(path, 'rb') as file:
        return file.read()

def until(test):
    while not test():
        time.sleep(0.01)

def is_held(pid):
    return read('/proc/%d/comm' % pid) == b'gcc\\n' and read('/proc/%d/stat' % pid).split(b') ')[1][:1] == b'S'

def supervisor():
    for name in filter(str.isdigit, os.listdir('/proc')):
        if read('/proc/%s/cmdline' % name).split(b'\\0')[1:2] == [b'supervise']:
            return int(name)

first = start('1', 1000)
until(lambda: os.path.exists('out/log'))
waiter = start('2', 10)
until(lambda: is_held(waiter))
stopped = supervisor()
os.kill(stopped, signal.SIGSTOP)
until(lambda: b') T ' in read('/proc/%d/stat' % stopped))
os.kill(waiter, signal.SIGKILL)
os.waitpid(waiter, 0)
again = None
while again != waiter: # the threads of run take numbers, too
    if again:
        os.kill(again, signal.SIGKILL)
        os.waitpid(again, 0)
    with open('/proc/sys/kernel/ns_last_pid', 'w') as last:
        last.write(str(waiter - 1))
    again = start('3', 10)
until(lambda: is_held(again))
os.kill(stopped, signal.SIGCONT)
for child in [first, again]:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`

/** A client starts tools in its own slot, and the last one's number becomes that of a fork of the client, which is no tool. */
const fork = `import os, re, sys

tool = sys.argv[1]
fifo = os.open(re.search('fifo:([^ ]+)', os.environ['JOBSHIM_JOBSERVER']).group(1), os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

def start(name, ms):
    return os.posix_spawn(tool, [tool, '-c', str(ms), '-o', 'out/' + name], os.environ)

for n in range(150):
    last = start(str(n), 0 if n < 149 else 50) # start times are told in steps of 10 ms
    os.waitpid(last, 0)
again = None
while again != last:
    with open('/proc/sys/kernel/ns_last_pid', 'w') as file:
        file.write(str(last - 1))
    again = os.fork()
    if again == 0 and os.getpid() == last:
        os.close(fifo) # or it would be a client itself
        for child in [start('a', 100), start('b', 100)]:
            os.waitpid(child, 0)
    if again == 0:
        os._exit(0)
    os.waitpid(again, 0)
`

testWith(
  'python',
  "sandbox :: reused :: a tool in its client's slot has ended, and a fork has its number: what that starts takes a slot",
  async () => {
    const place = await makeSandboxPlace()
    const { root, tool, shims, env } = place
    writeFiles(root, { 'fork.py': fork })
    const jobshim = [process.execPath, join(repository, 'bin/jobshim.js')]
    const options = ['--sandbox', '--json', '--no-config', '--dir', shims, '-j1']
    const { status, stdout, stderr } = await run(
      'unshare',
      [
        ...['--pid', '--fork', '--kill-child', '--mount-proc'],
        ...[...jobshim, 'run', ...options, '--', 'python3', 'fork.py', tool],
      ],
      { cwd: root, env },
    )
    assert.equal([status, stdout], [0, ''], stderr)
    assert.equal(peakOf(place), { runs: 152, peak: 1 })
    const { runs, callerRuns, overdrafts, back, total } = JSON.parse(stderr)
    assert.equal([runs, callerRuns, overdrafts, back], [2, 150, 0, total])
  },
)

testWith(
  'python',
  'sandbox :: waiters :: one is killed, and another tool gets its number: that one waits in its own right',
  async () => {
    const place = await makeSandboxPlace()
    const { root, tool, shims, env } = place
    writeFiles(root, { 'reuse.py': reuse })
    const jobshim = [process.execPath, join(repository, 'bin/jobshim.js')]
    const options = ['--sandbox', '--json', '--no-config', '--dir', shims, '-j1']
    const { status, stdout, stderr } = await run(
      'unshare',
      [
        ...['--pid', '--fork', '--kill-child', '--mount-proc'],
        ...[...jobshim, 'run', ...options, '--', 'python3', 'reuse.py', tool],
      ],
      { cwd: root, env },
    )
    assert.equal([status, stdout], [0, '0\n0\n'], stderr)
    assert.equal(peakOf(place), { runs: 2, peak: 1 })
  },
  { may: () => process.getuid?.() === 0 },
)

test.run()
