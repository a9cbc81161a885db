/** Clients that live, with tokens in use, while another one is killed: for killed-beside.test.ts. */
import { execFile, execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientKey } from '../support/clients.js'
import { hostSource, imagesFor } from './offload.js'

export type Living = {
  needs: readonly ClientKey[]
  title: string
  files: Readonly<Record<string, string>>
  command(found: readonly string[]): readonly string[] // `found`: where those that it needs are
  copies?: Readonly<Record<string, string>> // of programs on PATH, by the names of others that they stand in for
  fifos?: readonly string[]
  holds: number // tokens, once all of it waits
  unseen: number // so many more it may have for all that can be told: of what the other one had, these are back at its end
  blind?: RegExp // what the census says while it lives, if it can tell nothing
  prepare?(directory: string): void // what files can't say
  release?(directory: string): void // what lets it go on; default: `over` is there
  fails?: true // at its end, for a reason that is no matter here
}

/** A job waits for `over`. */
const job = 'until test -e over; do sleep 0.05; done'

const makefile = (recipe: string, begins = ''): Record<string, string> => ({
  Makefile: `${begins}all: a b c d e\na b c d e:\n\t@${recipe}\n`,
})

/** Takes two tokens, and gives them back at the end. */
const takesTwo = `exec 9<>"\${MAKEFLAGS##*fifo:}"\nread -r -N2 tokens <&9\n${job}\nprintf %s "$tokens" >&9\n`

const opened = `import os, re, select, subprocess
path = re.search('fifo:(\\\\S+)', os.environ['MAKEFLAGS']).group(1)
reader, writer = os.open(path, os.O_RDONLY | os.O_NONBLOCK), os.open(path, os.O_WRONLY)
`

/** As its installer does: tokens for all builds but the first, and then it waits for their ends. */
const spack = `${opened}tokens = os.read(reader, 2)
waiting = select.epoll()
for _ in range(3):
    child = subprocess.Popen(['sh', '-c', '${job}'])
    waiting.register(os.pidfd_open(child.pid), select.EPOLLIN)
for _ in range(3):
    [(ended, _)] = waiting.poll(maxevents=1)
    waiting.unregister(ended)
os.write(writer, tokens)
`

/** The same, before it has started any. */
const busySpack = `${opened}tokens = os.read(reader, 2)
subprocess.call(['sh', '-c', '${job}'])
os.write(writer, tokens)
`

/** As the kernel's script does: all that are free, for one child. Here no more than two are. */
const jobserverExec = `${opened}tokens = os.read(reader, 2)
os.environ['PARALLELISM'] = str(len(tokens) + 1)
subprocess.call(['sh', '-c', '${job}'])
os.write(writer, tokens)
`

/** What a make, for which bash stands in, has started: it waits for the FIFO that it reads, and has the jobserver from that make. */
function carrier(key: ClientKey, program: string, reads: '@words' | 'words'): Living {
  return {
    needs: [key],
    title: `a ${program} that has inherited it`,
    files: {
      'client.sh': `exec 9<>"\${MAKEFLAGS##*fifo:}"\n"$1/${program}" ${reads} >/dev/null 2>&1 &\nwait\n`,
    },
    copies: { make: 'bash' },
    fifos: ['words'],
    command: ([directory = '']) => ['./make', 'client.sh', directory],
    holds: 0,
    unseen: 2, // of the make: one for its child, and one in its hand
    release: directory => closeSync(openSync(join(directory, 'words'), 'w')), // mold closes it unread, since it has no size
  }
}

/** A program for which bash stands in, and which has taken two tokens. */
const doubleOf = (name: string): Living => ({
  needs: ['bash'],
  title: `a double of ${name}`,
  files: { 'client.sh': takesTwo },
  copies: { [name]: 'bash' },
  command: () => [`./${name}`, 'client.sh'],
  holds: 2,
  unseen: 4,
  blind: anyNumber(name),
})

const scriptOf = (
  name: string,
  text: string,
  more: Pick<Living, 'unseen' | 'blind'> & { title?: string },
): Living => ({
  needs: ['python'],
  title: `a double of ${name}`,
  files: { [name]: text },
  command: () => ['python3', name],
  holds: 2,
  ...more,
})

/** wild waits with them until somebody reads. */
const readDependencies = (directory: string): void => {
  readFileSync(join(directory, 'dependencies'))
}

const anyNumber = (program: string): RegExp =>
  new RegExp(`^process \\d+ \\(${program}\\) may hold any number of tokens$`)

const members = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const limited = /^process \d+ \(make\) has a limit of load, and may hold tokens of jobs that wait for it$/

export const living: readonly Living[] = [
  {
    needs: ['make44'],
    title: 'a make',
    files: makefile(job),
    command: ([make]) => [`${make}/make`, '-s'],
    holds: 4,
    unseen: 2,
  },
  {
    needs: ['make44'],
    title: 'a make with jobs that wait for a lower load',
    files: makefile(job),
    command: ([make]) => [`${make}/make`, '-s', '-l', '0.01'],
    holds: 4,
    unseen: 4,
    blind: limited,
  },
  {
    needs: ['make44'],
    title: 'a make whose makefile has the limit of load',
    files: makefile(job, 'MAKEFLAGS += -l0.01\n'),
    command: ([make]) => [`${make}/make`, '-s'],
    holds: 4,
    unseen: 4,
    blind: limited,
  },
  {
    needs: ['ctest'],
    title: 'a ctest',
    files: {
      'job.sh': `${job}\n`,
      'CTestTestfile.cmake': ['a', 'b', 'c'].map(name => `add_test(${name} sh job.sh)\n`).join(''),
    },
    command: ([ctest]) => [`${ctest}/ctest`, '-j3'],
    holds: 2,
    unseen: 2,
  },
  {
    needs: ['wild'],
    title: 'a wild',
    files: { 'a.s': '.globl _start\n_start: ret\n' },
    fifos: ['dependencies'],
    command: ([wild]) => [
      'sh',
      '-c',
      'as a.s -o a.o && exec "$0" a.o -o a.out --dependency-file=dependencies',
      `${wild}/wild`,
    ],
    holds: 4, // all that there are
    unseen: 4,
    blind: anyNumber('wild'),
    release: readDependencies,
  },
  {
    needs: ['clangLinkerWrapper'],
    title: "a clang-linker-wrapper, one of LLVM's drivers",
    files: {
      clang: `#!/bin/sh\n${job}\nexit 1\n`, // of the device: it is looked for on PATH
      'device.s': '.globl f\nf: ret\n',
      'host.s': hostSource('images'),
    },
    prepare: directory => {
      const assemble = (name: string): void => {
        execFileSync('as', [`${name}.s`, '-o', `${name}.o`], { cwd: directory })
      }
      assemble('device')
      const image = readFileSync(join(directory, 'device.o'))
      writeFileSync(join(directory, 'images'), imagesFor(['gfx90a', 'gfx1030', 'gfx1100'], image))
      assemble('host')
    },
    command: ([llvm]) => [
      ...['sh', '-c', 'PATH=$PWD:$PATH; exec "$@"', 'sh', `${llvm}/clang-linker-wrapper`],
      ...['--host-triple=x86_64-unknown-linux-gnu', '--wrapper-jobs=jobserver', '--linker-path=/usr/bin/ld'],
      ...['-o', 'out', '--', 'host.o'],
    ],
    holds: 4,
    unseen: 4,
    blind: anyNumber('clang-linker-wrapper'),
    fails: true,
  },
  {
    needs: ['nasmRs'],
    title: 'a build script with nasm-rs',
    files: {
      nasm: `#!/bin/sh\ntest "$1" = -v && exec echo NASM version 2.16.01\n${job}\n`,
      'a.asm': '',
      'b.asm': '',
      'c.asm': '',
    },
    command: ([directory]) => [
      ...[
        'sh',
        '-c',
        'NASM=$PWD/nasm CARGO_MANIFEST_DIR=$PWD OUT_DIR=$PWD TARGET=x86_64-unknown-linux-gnu exec "$@"',
        'sh',
      ],
      ...[`${directory}/build-script-build`, 'a.asm', 'b.asm', 'c.asm'],
    ],
    holds: 2,
    unseen: 4,
    blind: /^process \d+ \(build-script-bu\) has the jobserver open and is no client that is known$/,
  },
  {
    needs: ['cargo'],
    title: "a cargo that can't write what it begins",
    files: {
      'Cargo.toml': `[workspace]\nresolver = "2"\nmembers = ${JSON.stringify(members)}\n`,
      ...Object.fromEntries(
        members.flatMap(name => [
          [`${name}/Cargo.toml`, `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`],
          [`${name}/src/lib.rs`, ''],
        ]),
      ),
    },
    fifos: ['said'],
    command: () => ['sh', '-c', 'exec 2<>said; head -c 65536 /dev/zero >&2; exec cargo build --offline'],
    holds: 4,
    unseen: 4,
    blind: /^process \d+ \(cargo\) is at work, or can't be looked at: it may hold any number of tokens$/,
    release: directory => {
      execFile('cat', [join(directory, 'said')], () => {})
    },
  },
  carrier('clang', 'clang', '@words'),
  carrier('lld', 'ld.lld', 'words'),
  carrier('mold', 'mold', '@words'),
  {
    needs: ['bash'],
    title: 'a double of bazel that has inherited it',
    files: {
      'client.sh': `exec 9<>"\${MAKEFLAGS##*fifo:}"\n./bazel bazel.sh &\nwait\n`,
      'bazel.sh': 'read -r word <words\n',
    },
    copies: { make: 'bash', bazel: 'bash' },
    fifos: ['words'],
    command: () => ['./make', 'client.sh'],
    holds: 0,
    unseen: 2,
    release: directory => writeFileSync(join(directory, 'words'), 'over\n'),
  },
  doubleOf('clang-linker-wrapper'),
  doubleOf('swift-driver'),
  scriptOf('jobserver-exec', jobserverExec, {
    unseen: 4,
    blind: anyNumber('jobserver-exec'),
  }),
  scriptOf('spack', spack, { unseen: 1 }), // that of the build in its own slot
  scriptOf('spack', busySpack, {
    title: 'a double of spack that does not wait for builds',
    unseen: 4,
    blind: /^process \d+ \(spack\) is at work, or can't be looked at: it may hold any number of tokens$/,
  }),
]

export const makeFifos = (directory: string, names: readonly string[] = []): void => {
  for (const name of names) execFileSync('mkfifo', [join(directory, name)])
}
