/** Ways to start a tool; by none of them a shim is met. */
import { execFileSync } from 'node:child_process'
import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { buildProgram } from '../support/built.js'
import { type ClientKey, clients } from '../support/clients.js'
import { writeFiles } from '../support/workspace.js'
import type { SandboxPlace } from './place.js'

export type Caller = {
  name: string
  needs?: ClientKey
  runs: number // that its command starts at once, into the files out/0, out/1, ...
  prepare?: (place: SandboxPlace) => void
  command: (place: SandboxPlace, directory: string) => readonly string[] // of what it needs
}

const runs = 6
const ms = 60
const numbers = Array.from({ length: runs }, (_, at) => at)

/** A script that starts all at once, each by what `call` says, and waits. */
export const atOnce = (call: (number: number) => string): string =>
  `${numbers.map(number => `${call(number)} &`).join('\n')}\nwait\n`

export const args = (number: number): string => `-c ${ms} -o "$PWD/out/${number}"`

const shell = (
  name: string,
  call: (place: SandboxPlace, number: number, directory: string) => string,
  more: Pick<Caller, 'needs' | 'prepare'> = {},
): Caller => ({
  name,
  runs,
  command: (place, directory) => ['sh', '-c', atOnce(number => call(place, number, directory))],
  ...more,
})

const quoted = JSON.stringify

/** Those that are not met in scripts: test/support/caller.c has each. */
const ofC = (name: string, way: string, runs = 6): Caller => ({
  name,
  runs,
  prepare: ({ root }) => buildProgram(join(root, 'caller'), ['caller.c'], ['-pthread']),
  command: ({ root, tool }) => ['./caller', way, String(runs), tool, String(ms), join(root, 'out')],
})

const python = `import concurrent.futures, subprocess, sys
def run(n):
    return subprocess.run([sys.argv[1], "-c", "${ms}", "-o", f"{sys.argv[2]}/out/{n}"], capture_output=True, env={}).returncode
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    sys.exit(max(pool.map(run, range(${runs}))))
`

const java = `import java.util.ArrayList;

class Caller {
    public static void main(String[] words) throws Exception {
        var started = new ArrayList<Process>();
        for (int n = 0; n < ${runs}; n++) {
            var builder = new ProcessBuilder(words[0], "-c", "${ms}", "-o", words[1] + "/out/" + n);
            builder.environment().clear();
            started.add(builder.inheritIO().start());
        }
        for (var process : started)
            if (process.waitFor() != 0) System.exit(1);
    }
}
`

/** The one that programs here name. */
const loader = (): string =>
  execFileSync('readelf', ['-p', '.interp', process.execPath], { encoding: 'utf8' }).match(/\/\S+/)?.[0] ?? ''

const { program: qemu } = clients.qemu

/** As the compilers of a foreign chroot come: their format has a handler. Here a mark in the tool's header makes it a format of its own. */
function byFormat(name: string, flags: string): Caller {
  const mark = { at: 9, byte: 0x77 } // elf(5): padding
  const magic = `\\x7fELF${'\\x00'.repeat(mark.at - 4)}\\x77`
  const mask = `${'\\xff'.repeat(4)}${'\\x00'.repeat(mark.at - 4)}\\xff`
  const line = (path: string): string => `:jobshim:M:0:${magic}:${mask}:${path}:${flags}`
  return {
    name,
    needs: 'qemu',
    runs,
    prepare: ({ root, tool }) => {
      mkdirSync(join(root, 'formats'))
      const bytes = readFileSync(tool)
      bytes[mark.at] = mark.byte
      writeFileSync(tool, bytes)
    },
    command: ({ tool }, directory) => [
      ...['unshare', '-Urm', 'sh', '-ec'],
      `mount -t binfmt_misc none formats; printf %s '${line(join(directory, qemu))}' >formats/register; ${atOnce(number => `${tool} ${args(number)}`)}`,
    ],
  }
}

export const callers: readonly Caller[] = [
  shell('by its path', ({ tool }, number) => `${tool} ${args(number)}`),
  shell('from a cleared environment', ({ tool }, number) => `env -i ${tool} ${args(number)}`),
  shell('by a PATH of its own', ({ root }, number) => `PATH=${root}/tools:/usr/bin:/bin gcc ${args(number)}`),
  shell('by a relative path', (_, number) => `./tools/gcc ${args(number)}`),
  shell('by a symlink of another name', (_, number) => `./compile ${args(number)}`, {
    prepare: ({ root, tool }) => symlinkSync(tool, join(root, 'compile')),
  }),
  shell('by a hard link of another name', (_, number) => `./compile ${args(number)}`, {
    prepare: ({ root, tool }) => linkSync(tool, join(root, 'compile')),
  }),
  shell('by the dynamic loader', ({ tool }, number) => `${loader()} ${tool} ${args(number)}`),
  shell(
    'by the dynamic loader with options, by a relative path',
    (_, number) => `${loader()} --library-path /nowhere --inhibit-rpath x tools/gcc ${args(number)}`,
  ),
  shell('by qemu-user', ({ tool }, number) => `${qemu} -cpu max ${tool} ${args(number)}`, { needs: 'qemu' }),
  byFormat('by binfmt_misc and qemu-user', 'F'),
  byFormat('by binfmt_misc and qemu-user, with the name that it is called by', 'PF'),
  shell('by valgrind', ({ tool }, number) => `valgrind -q --tool=none ${tool} ${args(number)}`, {
    needs: 'valgrind',
  }),
  shell(
    'by valgrind, looked up on PATH',
    ({ root }, number) => `PATH=${root}/tools:$PATH valgrind -q --tool=none gcc ${args(number)}`,
    { needs: 'valgrind' },
  ),
  shell('by setsid', ({ tool }, number) => `setsid -w ${tool} ${args(number)}`),
  shell('by nohup', ({ tool }, number) => `nohup ${tool} ${args(number)} 2>/dev/null`),
  ofC('by execveat', 'execveat'),
  ofC('by a descriptor of its file', 'descriptor'),
  ofC('by vfork', 'vfork'),
  ofC('by posix_spawn from 16 threads', 'threads', 16),
  ofC('by a second fork, whose parent ends', 'orphans'),
  {
    name: 'by xargs',
    runs,
    command: ({ tool }) => [
      'sh',
      '-c',
      `printf '%s\\n' ${numbers.join(' ')} | xargs -P${runs} -I% ${tool} -c ${ms} -o "$PWD/out/%"`,
    ],
  },
  {
    name: 'by GNU parallel',
    needs: 'parallel',
    runs,
    command: ({ root, tool }) => [
      'parallel',
      '--will-cite',
      `-j${runs}`,
      `${tool} -c ${ms} -o ${root}/out/{}`,
      ':::',
      ...numbers.map(String),
    ],
  },
  {
    name: "from Node's child_process",
    runs,
    command: ({ tool, root }) => [
      process.execPath,
      '-e',
      `for (const n of ${quoted(numbers)}) require('child_process').spawn(${quoted(tool)}, ['-c', '${ms}', '-o', ${quoted(root)} + '/out/' + n], { env: {} })`,
    ],
  },
  {
    // As single executables are, such as pnpm's: all that it inherits is close-on-exec, and nobody knows its name.
    name: 'from a program that is built from Node',
    runs,
    prepare: ({ root }) => copyFileSync(process.execPath, join(root, 'packager'), constants.COPYFILE_FICLONE),
    command: ({ tool, root }) => [
      './packager',
      '-e',
      `for (const n of ${quoted(numbers)}) require('child_process').exec(${quoted(`${tool} -c ${ms} -o ${root}/out/`)} + n + '; :')`,
    ],
  },
  {
    name: "from Python's threads, with captured output",
    needs: 'python',
    runs,
    prepare: ({ root }) => writeFiles(root, { 'threads.py': python }),
    command: ({ root, tool }) => ['python3', 'threads.py', tool, root],
  },
  {
    name: "from Java's ProcessBuilder",
    needs: 'java',
    runs,
    prepare({ root }) {
      writeFiles(root, { 'Caller.java': java })
      execFileSync('javac', ['Caller.java'], { cwd: root })
    },
    command: ({ root, tool }) => ['java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', 'Caller', tool, root],
  },
  // go itself starts it by os/exec: nothing needs to be built.
  shell("from Go's os/exec", (_, number, directory) => `${directory}/go generate ${number}.go`, {
    needs: 'go',
    prepare: ({ root, tool }) =>
      writeFiles(
        root,
        Object.fromEntries(
          numbers.map(number => [
            `${number}.go`,
            `package callers\n\n//go:generate ${tool} -c ${ms} -o ${root}/out/${number}\n`,
          ]),
        ),
      ),
  }),
  {
    name: 'from a PID namespace',
    needs: 'bwrap',
    runs,
    command: ({ tool }) => [
      'bwrap',
      '--dev-bind',
      '/',
      '/',
      '--unshare-pid',
      '--proc',
      '/proc',
      'sh',
      '-c',
      atOnce(number => `${tool} ${args(number)}`),
    ],
  },
]
