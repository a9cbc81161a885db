import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeBench } from '../support/fake-tools.js'
import { until } from '../support/until.js'
import { repository } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'

const commands = [
  ['install', 'nothing changed: 1 shim in'],
  ['uninstall', 'removed 1 shim from'],
] as const

const done = (says: string, dir: string) => ({
  status: 0,
  signal: null,
  stdout: `${says} ${dir}\n`,
  stderr: '',
})

/** What somebody who was killed may have left, whatever date it has. */
const left: Readonly<Record<string, (lock: string) => void>> = {
  'a file': lock => writeFileSync(lock, ''),
  "an older version's directory": lock => mkdirSync(lock),
}

for (const [name, lay] of Object.entries(left))
  for (const [command, says] of commands)
    for (const date of ['1990-01-01', '2100-01-01'])
      test(`lock :: ${name} of ${date}, its owner killed :: ${command} takes it`, async () => {
        const { call, install, dir } = makeBench(['cc'])
        await install()
        const lock = join(dir, '.jobshim.lock')
        lay(lock)
        utimesSync(lock, new Date(date), new Date(date))
        assert.equal(await call(command), done(says, dir))
        assert.not(existsSync(lock))
      })

/** What is not ours, and stays. */
const foreign: Readonly<Record<string, (lock: string) => void>> = {
  'a file with something in it': lock => writeFileSync(lock, 'theirs'),
  'a directory with something in it': lock => mkdirSync(join(lock, 'theirs'), { recursive: true }),
  'a symlink to nothing': lock => symlinkSync('nothing', lock),
  'a FIFO': lock => void execFileSync('mkfifo', [lock]),
}

for (const [name, lay] of Object.entries(foreign))
  for (const [command] of commands)
    test(`lock :: ${name} has its name :: ${command} says so`, async () => {
      const { call, install, dir } = makeBench(['cc'])
      await install()
      const lock = join(dir, '.jobshim.lock')
      lay(lock)
      assert.equal(await call(command), {
        status: 1,
        signal: null,
        stdout: '',
        stderr: `jobshim: ${lock}: exists, and was not made by jobshim\n  remove it, or name another place with --dir\n`,
      })
      assert.equal(readdirSync(dir).sort(), ['.jobshim', '.jobshim.lock', 'cc'])
    })

/** Locks a file as a launcher does for an install, and has it until it ends. */
const locker = `open F, "+>", shift or die;
  my $lock = pack("ssx4qqix4", 1, 0, 0, 0, 0);
  fcntl(F, 37, $lock) or die "no lock: $!";
  $| = 1; print "held $$\\n"; <STDIN>`

const filesOf = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return [] // closed meanwhile
    }
  })

test('lock :: its owner is stopped for long :: nobody takes it until the owner ends', async () => {
  const { install, dir, root, path } = makeBench(['cc'])
  await install()
  const lock = join(dir, '.jobshim.lock')
  const owner = start({ command: ['perl', '-e', locker, lock] })
  await owner.tools
  owner.child.kill('SIGSTOP')
  utimesSync(lock, new Date('1990-01-01'), new Date('1990-01-01'))
  const waiter = start({
    command: [process.execPath, join(repository, 'bin/jobshim.js'), 'uninstall', '--dir', dir],
    env: { PATH: path, HOME: root },
  })
  const tries = async (): Promise<void> => {
    await until('it tries', () => filesOf(waiter.pid).includes(lock))
    await until('it waits', () => !filesOf(waiter.pid).includes(lock))
  }
  await tries()
  await tries()
  assert.ok(existsSync(join(dir, 'cc')))
  assert.match(readFileSync('/proc/locks', 'utf8'), /OFDLCK/)
  await owner.kill()
  assert.equal(await waiter.ended, done('removed 1 shim from', dir))
  assert.not(existsSync(dir))
})

test.after.each(killStarted)

test.run()
