import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { ClientKey } from '../support/clients.js'
import { run } from '../support/jobshim.js'
import { pathOf } from '../support/patient.js'
import { installShims } from '../support/shimdir.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, writeFiles } from '../support/workspace.js'
import { advised, commandsIn, type Sick } from './advised.js'

const gcc = pathOf('gcc')
const program = 'int main(void) { return 0; }\n'

/** A tree that is configured past the shims of the whole machine. */
type Tree = {
  files: Record<string, string>
  configure: string // a line of sh, in the tree
  env?: Record<string, string> // while it is configured
  byHand?: (work: string, fix: string) => string // returns a line of sh that does the rest
  after?: string // a line of sh: what is still so once the advice was followed, and that it builds
}

async function arrange(
  { files, configure, env: more, byHand, after }: Tree,
  client = '', // the directory of the first client that it needs
): Promise<Sick> {
  const root = realpathSync(makeWorkspace())
  const work = join(root, 'work')
  const shims = join(root, 'shims')
  const bin = commandsIn(root)
  const path = `${bin}:${process.env.PATH}`
  const env = { PATH: path, HOME: root, XDG_RUNTIME_DIR: root, JOBSHIM_DIR: shims }
  execFileSync('chmod', ['700', root])
  writeFiles(work, files)
  const { status, stderr, stdout } = await run('sh', ['-ec', configure], {
    cwd: work,
    env: { ...env, CLIENT: client, ...more },
  })
  assert.is(status, 0, stdout + stderr)
  await installShims(shims, { env, args: ['--tools', 'gcc'] })
  return {
    row: 'configured trees',
    work,
    env,
    ...(byHand === undefined ? {} : { byHand: (fix: string) => ({ first: `${byHand(work, fix)} >&2` }) }),
    ...(after === undefined ? {} : { after }),
  }
}

const tree = (
  id: Parameters<typeof advised>[0],
  title: string,
  one: Tree,
  needs: ClientKey | readonly ClientKey[],
): void => advised(id, title, async directory => await arrange(one, directory), { needs })

const cmakeFiles = {
  'CMakeLists.txt':
    'cmake_minimum_required(VERSION 3.13)\nproject(words C CXX)\noption(LOUD "" OFF)\nadd_executable(w a.c b.cc)\n',
  'a.c': program,
  'b.cc': 'int b;\n',
}
const keepsOptions = (generator: string): string =>
  `grep -q '^LOUD:BOOL=ON$' b/CMakeCache.txt; grep -q '^CMAKE_GENERATOR:INTERNAL=${generator}$' b/CMakeCache.txt; cmake --build b >&2`

for (const generator of ['Ninja', 'Unix Makefiles'])
  tree(
    'tree-cmake',
    `${generator}, two languages and an option: both stay`,
    {
      files: cmakeFiles,
      configure: `cmake -G '${generator}' -DLOUD=ON -S . -B b`,
      after: keepsOptions(generator),
    },
    ['cmake', 'ninja'],
  )
tree(
  'tree-cmake',
  'a launcher is there already: it stays behind ours',
  {
    files: { ...cmakeFiles, 'wrap/sccache': '#!/bin/sh\nexec "$@"\n' },
    configure: 'cmake -DCMAKE_C_COMPILER_LAUNCHER=$PWD/wrap/sccache -S . -B b',
    after:
      "grep -q '^CMAKE_C_COMPILER_LAUNCHER:.*/launcher;/.*/wrap/sccache$' b/CMakeCache.txt; cmake --build b >&2",
  },
  'cmake',
)
tree(
  'tree-cmake',
  'a toolchain file names the compiler',
  {
    files: { ...cmakeFiles, 'chain.cmake': `set(CMAKE_C_COMPILER ${gcc})\n` },
    configure: 'cmake -DCMAKE_TOOLCHAIN_FILE=$PWD/chain.cmake -S . -B b',
    after: 'cmake --build b >&2',
  },
  'cmake',
)
tree(
  'tree-cmake-old',
  'CMake 3.20 with Ninja and an option: both stay',
  {
    files: cmakeFiles,
    configure:
      "cmake -G Ninja -DLOUD=ON -S . -B b && sed -i 's/^\\(CMAKE_CACHE_MINOR_VERSION:INTERNAL=\\).*/\\120/' b/CMakeCache.txt && cd b/CMakeFiles && set -- 3.* && mv $1 3.20.$(echo $1 | sed 's,.*[.],,')",
    after: keepsOptions('Ninja'),
  },
  ['cmake', 'ninja'],
)

const mesonFiles = {
  'meson.build': "project('w', 'c', 'cpp')\nexecutable('w', 'a.c', 'b.cc')\n",
  'a.c': program,
  'b.cc': 'int b;\n',
}
tree(
  'tree-meson',
  'CC and CXX were paths',
  {
    files: mesonFiles,
    configure: 'meson setup b -Dwerror=true',
    env: { CC: gcc, CXX: `${pathOf('g++')} -g` },
    after: 'grep -q "werror = True\\|werror = true" b/meson-private/cmd_line.txt; ninja -C b >&2',
  },
  ['meson', 'ninja'],
)
tree(
  'tree-meson-file',
  'a native file names the compiler',
  {
    files: {
      'meson.build': "project('w', 'c')\nexecutable('w', 'a.c')\n",
      'a.c': program,
      'native.ini': `[binaries]\nc = '${gcc}'\n`,
    },
    configure: 'meson setup b --native-file native.ini',
    byHand(work, fix) {
      const [, file = '', command = ''] =
        /^.*name the tool without its directory in (.*), then: (.*)$/.exec(fix) ?? []
      assert.is(file, join(work, 'native.ini'))
      return `sed -i 's,${gcc},gcc,' '${file}' && ${command}`
    },
  },
  ['meson', 'ninja'],
)

const autoconfFiles = {
  'configure.ac': [
    'AC_INIT([w],[1])',
    'DFNCPP=/usr/bin/cpp',
    'AC_SUBST([DFNCPP])',
    'AC_PROG_CC',
    'AC_PROG_CPP',
    'AC_CONFIG_FILES([Makefile lib/Makefile src/Makefile src/deep/Makefile])',
    'AC_OUTPUT',
    '',
  ].join('\n'),
  ...Object.fromEntries(
    ['', 'lib/', 'src/', 'src/deep/'].map(place => [
      `${place}Makefile.in`,
      'CC = @CC@\nCPP = @CPP@\nprefix = @prefix@\nw:\n\t$(CC) @CFLAGS@ -o w "@abs_top_srcdir@/a.c"\n',
    ]),
  ),
  'a.c': program,
}
const built = "grep -q '^prefix = /opt/a b$' Makefile; grep -q '^CC = gcc$' src/deep/Makefile; make >&2"
for (const [title, configure, env] of [
  ['in its source, CC as an argument', `autoconf && ./configure CC=${gcc} '--prefix=/opt/a b'`, {}],
  [
    'in its source, CC and CPP of the environment',
    "autoconf && ./configure '--prefix=/opt/a b'",
    { CC: gcc, CPP: `${gcc} -E` },
  ],
] as const)
  tree(
    'tree-autoconf',
    `${title}: one row for four Makefiles`,
    { files: autoconfFiles, configure, env, after: built },
    'autoconf',
  )
tree(
  'tree-autoconf',
  'beside its source, with quotes in CFLAGS',
  {
    files: autoconfFiles,
    configure: `autoconf && mkdir 'a b' && cd 'a b' && ../configure 'CC=${gcc} -g' "CFLAGS=-O1 -DX='1'"`,
    after: "grep -q '^CC = gcc -g$' 'a b/Makefile' && make -C 'a b' >&2",
  },
  'autoconf',
)

tree(
  'tree-waf',
  'with an option: it stays',
  {
    files: {
      wscript:
        "def options(o): o.load('compiler_c')\ndef configure(c): c.load('compiler_c')\ndef build(b): b.program(source='a.c', target='w')\n",
      'a.c': program,
    },
    configure: 'cp "$CLIENT/waf" . && python3 ./waf configure --prefix=/opt/x',
    after: 'grep -q "^PREFIX = \'/opt/x\'$" build/c4che/_cache.py; python3 ./waf >&2',
  },
  'waf',
)

const edited = (file: string) => () => `sed -i 's,${gcc},gcc,' ${file}`
advised(
  'tree-variable',
  "a Makefile's",
  async () =>
    await arrange({
      files: { 'b/Makefile': `CC := ${gcc}\nw: a.c\n\t$(CC) -o w a.c\n` },
      configure: 'true',
      byHand(_, fix) {
        assert.match(fix, /write CC = gcc in Makefile, or call make CC=gcc$/)
        return `sed -i 's,^CC := .*,CC = gcc,' b/Makefile`
      },
    }),
)
advised(
  'tree-recipe',
  "a Makefile's",
  async () =>
    await arrange({
      files: { makefile: `w: a.c\n\t${gcc} -o w a.c\n` },
      configure: 'true',
      byHand: edited('makefile'),
    }),
)
advised(
  'tree-ninja',
  'a build.ninja of nobody known',
  async () =>
    await arrange({
      files: { 'build.ninja': `rule cc\n  command = ${gcc} -o $out $in\nbuild w: cc a.c\n` },
      configure: 'true',
      byHand: edited('build.ninja'),
    }),
)

test.run()
