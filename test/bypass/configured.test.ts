import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Configured, configuredTools, findConfigured } from '../../src/bypass/configured.js'
import type { ClientKey } from '../support/clients.js'
import { run } from '../support/jobshim.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'

const root = realpathSync(makeWorkspace())
const bin = join(root, 'bin')
const path = (process.env.PATH ?? '').replace(/(^|:)[^:]*ccache[^:]*(?=:|$)/g, '')
mkdirSync(join(root, 'run'), { mode: 0o700 })
mkdirSync(bin)
symlinkSync(join(repository, 'bin/jobshim.js'), join(bin, 'jobshim'))
const shims = await installShims(join(root, 'shims'), {
  args: ['--tools', 'gcc', '--no-adapters'],
  env: { PATH: path, HOME: root },
})
const launcher = join(shims, '.jobshim/launcher')
const env = { PATH: `${bin}:${path}`, HOME: root, XDG_RUNTIME_DIR: join(root, 'run'), JOBSHIM_DIR: shims }

const compilers = (tools: readonly Configured[]): string[] =>
  tools.map(({ tool }) => tool).filter(tool => !/^(ar|ranlib)$/.test(basename(tool)))

const call = async (directory: string, line: string, extra: Record<string, string> = {}): Promise<string> => {
  const { status, stdout, stderr } = await run('sh', ['-c', line], {
    cwd: directory,
    env: { ...env, ...extra },
  })
  assert.is(status, 0, `${line}\n${stdout}${stderr}`)
  return stderr
}

/** What runs through shims while `line` builds from nothing. */
async function governedRuns(
  directory: string,
  line: string,
  extra?: Record<string, string>,
): Promise<number> {
  const said = await call(directory, `exec jobshim run -j2 --json -- ${line}`, extra)
  const { runs, callerRuns } = JSON.parse(said.trim().split('\n').at(-1) ?? '') as Record<string, number>
  return (runs ?? 0) + (callerRuns ?? 0)
}

const program = 'int main(void) { return 0; }\n'
const which = (name: string): string =>
  execFileSync('sh', ['-c', `command -v ${name}`], { env: { PATH: path }, encoding: 'utf8' }).trim()

/** A tree that is configured without shims, and what leads to its tools. */
type Tree = {
  name: string
  needs: ClientKey | readonly [ClientKey, ...ClientKey[]]
  files: Record<string, string>
  configure: string // in the tree; makes `b`
  env?: Record<string, string> // while it is configured
  file: string // that is named, below the tree
  tool: string // likewise
  build: string
  runs: number // of compilers, when all goes by the shims
  fix?: 'words' // else its command is run, or what stands behind its last colon
  after?: (fix: string, tree: string) => void
}

const cmakeFiles = {
  'CMakeLists.txt': 'cmake_minimum_required(VERSION 3.13)\nproject(words C)\nadd_executable(w a.c)\n',
  'a.c': program,
}
const mesonFiles = { 'meson.build': "project('w', 'c')\nexecutable('w', 'a.c')\n", 'a.c': program }
const gcc = which('gcc')

const trees: readonly Tree[] = [
  ...(['Unix Makefiles', 'Ninja'] as const).map(
    (generator): Tree => ({
      name: `cmake, ${generator}`,
      needs: ['cmake', 'ninja'],
      files: cmakeFiles,
      configure: `cmake -G '${generator}' -S . -B b`,
      file: 'b/CMakeCache.txt',
      tool: which('cc'),
      build: 'cmake --build b --clean-first',
      runs: 2,
    }),
  ),
  {
    name: 'cmake before 3.21, which has nothing before a linker',
    needs: 'cmake',
    files: cmakeFiles,
    configure:
      "cmake -S . -B b && sed -i 's/^\\(CMAKE_CACHE_MINOR_VERSION:INTERNAL=\\).*/\\120/' b/CMakeCache.txt && cd b/CMakeFiles && set -- 3.* && mv $1 3.20.$(echo $1 | sed 's,.*[.],,')",
    file: 'b/CMakeCache.txt',
    tool: which('cc'),
    build: 'cmake --build b --clean-first',
    runs: 2,
    after: fix =>
      assert.match(
        fix,
        /: rm -r \S+\/CMakeFiles\/[\d.]+ && jobshim run -- cmake -DCMAKE_C_COMPILER=cc -DCMAKE_AR=ar -DCMAKE_RANLIB=ranlib \S+$/,
      ),
  },
  {
    name: 'cmake with a compiler of the command line',
    needs: 'cmake',
    files: cmakeFiles,
    configure: `cmake -S . -B b -DCMAKE_C_COMPILER=${gcc}`,
    file: 'b/CMakeCache.txt',
    tool: gcc,
    build: 'cmake --build b --clean-first',
    runs: 2,
  },
  {
    name: 'cmake with a toolchain file',
    needs: 'cmake',
    files: { ...cmakeFiles, 'chain.cmake': `set(CMAKE_C_COMPILER ${gcc})\n` },
    configure:
      'cmake -S . -B b -DCMAKE_TOOLCHAIN_FILE=$PWD/chain.cmake && cd b && ln -s CMakeFiles/*/CMakeCCompiler.cmake named',
    file: 'b/named',
    tool: gcc,
    build: 'cmake --build b --clean-first',
    runs: 2,
  },
  {
    name: 'meson with a path in CC',
    needs: ['meson', 'ninja'],
    files: mesonFiles,
    configure: 'meson setup b',
    env: { CC: gcc },
    file: 'b/meson-info/intro-targets.json',
    tool: gcc,
    build: 'sh -c "ninja -C b -t clean >/dev/null; ninja -C b"',
    runs: 2,
  },
  {
    name: 'meson with a native file',
    needs: ['meson', 'ninja'],
    files: { ...mesonFiles, 'native.ini': `[binaries]\nc = '${gcc}'\n` },
    configure: 'meson setup b --native-file native.ini',
    file: 'b/meson-info/intro-targets.json',
    tool: gcc,
    build: 'sh -c "ninja -C b -t clean >/dev/null; ninja -C b"',
    runs: 2,
    after: (fix, tree) => {
      assert.match(fix, `name the tool without its directory in ${tree}/native.ini, then: `)
      writeFiles(tree, { 'native.ini': "[binaries]\nc = 'gcc'\n" })
    },
  },
  ...(['CC=', ''] as const).map(
    (argument): Tree => ({
      name: `autoconf with a path in CC of ${argument ? 'its command line' : 'the environment'}`,
      needs: 'autoconf',
      files: {
        'configure.ac': 'AC_INIT([w],[1])\nAC_PROG_CC\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n',
        'Makefile.in': 'CC = @CC@\nw: @srcdir@/a.c\n\t$(CC) -o w @srcdir@/a.c\n',
        'a.c': program,
      },
      configure: `autoconf && mkdir b && cd b && ../configure ${argument && `'CC=${gcc} -g'`}`,
      ...(argument ? {} : { env: { CC: `${gcc} -g` } }),
      file: 'b/config.status',
      tool: gcc,
      build: 'make -B -C b',
      runs: 1,
    }),
  ),
  {
    name: "a Makefile's variable",
    needs: 'make43',
    files: { 'b/Makefile': `CC := ${gcc} \\\n  -g\nw: a.c\n\t$(CC) -o w a.c\n`, 'b/a.c': program },
    configure: 'true',
    file: 'b/Makefile',
    tool: gcc,
    build: 'make -B -C b $SETTING',
    runs: 1,
    fix: 'words',
  },
  {
    name: "a Makefile's recipe",
    needs: 'make43',
    files: { 'b/makefile': `w: a.c\n\t@rm -f w && ${gcc} -o w a.c\n`, 'b/a.c': program },
    configure: 'true',
    file: 'b/makefile',
    tool: gcc,
    build: 'make -B -C b',
    runs: 1,
    fix: 'words',
  },
  {
    name: 'a build.ninja of nobody known',
    needs: 'ninja',
    files: {
      'b/build.ninja': `rule cc\n  command = $\n    ${gcc} -o $out $in\nbuild w: cc a.c\n`,
      'b/a.c': program,
    },
    configure: 'true',
    file: 'b/build.ninja',
    tool: gcc,
    build: 'sh -c "ninja -C b -t clean >/dev/null; ninja -C b"',
    runs: 1,
    fix: 'words',
  },
]

const fixesInWords: Readonly<Record<string, (tree: string, file: string) => Record<string, string>>> = {
  'write CC = gcc in Makefile, or call make CC=gcc': () => ({ SETTING: 'CC=gcc' }),
  'write gcc without its directory in makefile': (tree, file) => rewritten(tree, file),
  'write gcc without its directory in what writes build.ninja': (tree, file) => rewritten(tree, file),
}

function rewritten(tree: string, file: string): Record<string, string> {
  execFileSync('sed', ['-i', `s,${gcc},gcc,`, join(tree, file)])
  return {}
}

for (const { name, needs, files, configure, file, tool, build, runs, fix: form, after, ...tree } of trees)
  testWith(needs, `configured :: ${name} :: named, and governed once what it says is done`, async () => {
    const place = realpathSync(makeWorkspace())
    writeFiles(place, files)
    await call(place, configure, tree.env)
    const found = configuredTools(join(place, 'b'), { launcher }).filter(one => compilers([one]).length > 0)
    assert.equal(
      found.map(one => [realpathSync(one.file), one.tool]),
      [[realpathSync(join(place, file)), tool]],
    )
    assert.is(await governedRuns(place, build), 0)
    const [
      {
        advice: { fix, command = '' },
      } = { advice: { fix: '' } },
    ] = found
    if (form === 'words') {
      const mend = fixesInWords[fix]
      if (!mend) throw new Error(fix)
      assert.is(await governedRuns(place, build, mend(place, file)), runs)
      return
    }
    after?.(fix, place)
    await call(place, command === '' ? fix.slice(fix.lastIndexOf(': ') + 2) : command)
    assert.equal(compilers(configuredTools(join(place, 'b'), { launcher })), [])
    assert.is(await governedRuns(place, build), runs)
  })

/** Files in which nothing goes past the shims. */
const governed: Readonly<Record<string, Record<string, string>>> = {
  'names, which are looked for on PATH': {
    'config.status': 'S["CC"]="gcc -m64"\nS["ac_ct_CC"]="/usr/bin/gcc"\n',
    'meson-info/intro-targets.json':
      '[{"target_sources":[{"compiler":["cc"],"linker":["cc"]},{"sources":[]}]}]',
  },
  'a shim': { 'CMakeCache.txt': `CMAKE_C_COMPILER:FILEPATH=${shims}/cc\n`, Makefile: `CC=${shims}/gcc\n` },
  'a launcher before the compiler and before the linker': {
    'CMakeCache.txt': [
      'CMAKE_CXX_COMPILER:FILEPATH=/usr/bin/c++',
      `CMAKE_CXX_COMPILER_LAUNCHER:UNINITIALIZED=${launcher};ccache`,
      `CMAKE_CXX_LINKER_LAUNCHER:UNINITIALIZED=${launcher}\n`,
    ].join('\n'),
  },
  'ccache, which starts the launcher': {
    'CMakeCache.txt': 'CMAKE_C_COMPILER:STRING=/usr/lib/ccache/ccache\n',
    'build.ninja': 'rule cc\n  command = /usr/bin/ccache gcc -c $in -o $out\n',
  },
  "libtool's LD, which does not link": { 'config.status': 'S["LD"]="/usr/bin/ld -m elf_x86_64"\n' },
  'programs that never have a shim': {
    Makefile: 'SHELL = /bin/sh\nMAKE = /usr/bin/gmake\na:\n\t/usr/bin/install x\n',
  },
  'a comment': { Makefile: '#CC = /usr/bin/gcc\na:\n\t@echo /usr/bin/gcc\n' },
  'what CMake wrote into a Makefile of its own': {
    'CMakeCache.txt': 'CMAKE_C_COMPILER:FILEPATH=cc\n',
    Makefile: 'CC = /usr/bin/gcc\n',
  },
  'half a file': { 'meson-info/intro-targets.json': '[{"target_sources":[{"compiler":["/usr/bin/gcc"' },
  'a file of something else': {
    'meson-info/intro-targets.json': '{"compiler":["/usr/bin/gcc"]}',
    'config.status/x': '',
  },
}

for (const [name, files] of Object.entries(governed))
  test(`configured :: fine :: ${name}`, () => {
    const place = makeWorkspace()
    writeFiles(place, files)
    assert.equal(configuredTools(place), [])
  })

test('configured :: a launcher before the compiler alone leaves the linker', () => {
  const place = makeWorkspace()
  const version = 'CMAKE_CACHE_MAJOR_VERSION:INTERNAL=3\nCMAKE_CACHE_MINOR_VERSION:INTERNAL=21\n'
  const cache = `CMAKE_C_COMPILER:STRING=/usr/bin/cc\nCMAKE_C_COMPILER_LAUNCHER:STRING=${launcher}\n${version}`
  const command = `cmake -DCMAKE_C_LINKER_LAUNCHER=DIR/.jobshim/launcher ${place}`
  writeFiles(place, { 'CMakeCache.txt': cache })
  assert.equal(configuredTools(place), [
    {
      file: join(place, 'CMakeCache.txt'),
      tool: '/usr/bin/cc',
      system: 'cmake',
      advice: { id: 'tree-cmake', fix: `put the launcher before it: ${command}`, command },
    },
  ])
})

test('configured :: which tools may have a shim is up to the caller', () => {
  const place = makeWorkspace()
  writeFiles(place, {
    'CMakeCache.txt': 'CMAKE_CUDA_COMPILER:STRING=/opt/cuda/nvcc\nCMAKE_AR:FILEPATH=/usr/bin/ar\n',
  })
  const tools = (...names: string[]): string[] =>
    configuredTools(place, { mayHaveShim: name => names.includes(name) }).map(({ tool }) => tool)
  assert.equal(tools('nvcc'), ['/opt/cuda/nvcc'])
  assert.equal(tools('ar', 'ranlib'), ['/usr/bin/ar'])
})

const makefile = 'CC = /usr/bin/gcc\n'
const searched = (place: string, limits?: Parameters<typeof findConfigured>[1]): [string[], boolean] => {
  const { found, cut } = findConfigured(place, limits)
  return [found.map(({ file }) => file.slice(place.length + 1)), cut]
}

test('configured :: search :: the nearest first, and nothing behind a link or in what others own', () => {
  const place = makeWorkspace()
  const places = ['', 'b/', 'a/b/', '.git/', 'a/node_modules/m/', 'CMakeFiles/x/']
  writeFiles(place, Object.fromEntries(places.map(where => [`${where}Makefile`, makefile])))
  symlinkSync(place, join(place, 'c'))
  assert.equal(searched(place), [['Makefile', 'b/Makefile', 'a/b/Makefile'], false])
})

test('configured :: search :: says that there was more than it may look at', () => {
  const place = makeWorkspace()
  writeFiles(place, { 'a/b/c/Makefile': makefile, 'd/Makefile': makefile })
  assert.equal(searched(place, { depth: 1 }), [['d/Makefile'], true])
  assert.equal(searched(place, { directories: 2 }), [[], true])
  assert.equal(searched(place, { directories: 5, depth: 3 }), [['d/Makefile', 'a/b/c/Makefile'], false])
})

test('configured :: search :: a FIFO, a directory and a link to itself are passed over', () => {
  const place = makeWorkspace()
  writeFiles(place, { 'Makefile/x': '', 'b/makefile': makefile })
  execFileSync('mkfifo', [join(place, 'CMakeCache.txt')])
  symlinkSync('config.status', join(place, 'config.status'))
  assert.equal(searched(place), [['b/makefile'], false])
})

test.run()
