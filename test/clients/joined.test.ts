import type { ClientKey } from '../support/clients.js'
import { clients } from '../support/clients.js'
import { type Driver, driveUnderRun } from '../support/driver.js'
import { objects, sources } from '../support/sources.js'
import { test } from '../support/test-with.js'

/**
 * A -j64 that is written into a build. Without adapters its compilers keep the limit; where it joins, its recipes do, which
 * are counted by a program of their own that stands in front of each.
 */
const makefile = (jobs: string): string =>
  `all: ${objects.join(' ')}\n\t@recipe cc -r -nostdlib -o all.o $^\n%.o: %.c\n\t@recipe cc -c $< -o $@\n` +
  `nested:\n\t@make --no-print-directory ${jobs} all\n`

const ninjafile = [
  'rule cc',
  '  command = recipe cc -c $in -o $out',
  'rule join',
  '  command = recipe cc -r -nostdlib -o $out $in',
  ...sources.map(name => `build ${name}.o: cc ${name}.c`),
  `build all.o: join ${objects.join(' ')}`,
  '',
].join('\n')

const cmakefile = `cmake_minimum_required(VERSION 3.13)
project(words C)
set_property(GLOBAL PROPERTY RULE_LAUNCH_COMPILE recipe)
add_library(words STATIC ${sources.map(name => `${name}.c`).join(' ')})
`

const files = { Makefile: makefile('-j64'), 'build.ninja': ninjafile, 'CMakeLists.txt': cmakefile }
const outputs = /\.o$|\.a$/
const noise = /^g?make(\[\d+\])?: warning: -j64 forced in (submake|makefile): resetting jobserver mode\.?$/

type Build = { name: string; needs: readonly ClientKey[]; script: string }

const cmake = (generator: string, build: string): string =>
  `cmake -S . -B build -G "${generator}" -DCMAKE_BUILD_TYPE= >/dev/null && ${build} >/dev/null`

const make = (key: ClientKey, line: string): Build => ({
  name: `${clients[key].name}: ${line}`,
  needs: [key],
  script: line,
})

const plain: readonly Build[] = [
  make('make43', 'make -j64'),
  make('make44', 'make -j64'),
  make('ninja111', 'ninja --quiet -j64'),
  make('ninja113', 'ninja --quiet -j64'),
  {
    name: 'cmake --build . -j64',
    needs: ['cmake', 'make43'],
    script: cmake('Unix Makefiles', 'cmake --build build -j64'),
  },
]

const others: readonly Build[] = [
  make('make43', 'make -kj 64 -s'),
  make('make44', 'make nested'),
  make('make43', 'make nested'),
  {
    name: 'ninja 1.13 below make 4.3',
    needs: ['ninja113', 'make43'],
    script: 'ninja --quiet -vj 64 >/dev/null',
  },
  {
    name: 'make 4.4 by cmake --parallel',
    needs: ['cmake', 'make44'],
    script: cmake('Unix Makefiles', 'cmake --build build --parallel'),
  },
  {
    name: 'make 4.3 by CMAKE_BUILD_PARALLEL_LEVEL',
    needs: ['cmake', 'make43'],
    script: cmake('Unix Makefiles', 'CMAKE_BUILD_PARALLEL_LEVEL=64 cmake --build build'),
  },
  {
    name: 'make 4.3 by cmake and its own words',
    needs: ['cmake', 'make43'],
    script: cmake('Unix Makefiles', 'cmake --build build -- -j64'),
  },
  {
    name: 'ninja 1.13 by cmake',
    needs: ['cmake', 'ninja113'],
    script: cmake('Ninja', 'cmake --build build -j64'),
  },
  {
    name: 'ninja 1.11 by cmake',
    needs: ['cmake', 'ninja111'],
    script: cmake('Ninja', 'cmake --build build -j64'),
  },
]

const driver = ({ name, needs, script }: Build, rest: Partial<Driver>): Driver => ({
  name,
  needs,
  files,
  outputs,
  noise,
  command: ['sh', '-c', script],
  jobs: [1, 3],
  ...rest,
})

for (const build of plain)
  driveUnderRun(driver(build, { name: `no adapters :: ${build.name}`, install: ['--no-adapters'] }))

for (const build of [...plain, ...others])
  driveUnderRun(
    driver(build, {
      name: `joined :: ${build.name}`,
      counts: 'recipes',
      env: { JOBSHIM_JOIN: '1' },
    }),
  )

test.run()
