import { driveUnderRun } from '../support/driver.js'
import { sources } from '../support/sources.js'
import { test } from '../support/test-with.js'

const files = {
  'CMakeLists.txt': `cmake_minimum_required(VERSION 3.13)
project(words C)
set_property(GLOBAL PROPERTY RULE_MESSAGES OFF)
add_library(words STATIC ${sources.map(name => `${name}.c`).join(' ')})
`,
}
const configure = 'cmake -S . -B build -G "Unix Makefiles" -DCMAKE_BUILD_TYPE= >/dev/null'
const outputs = /words\.dir\/.*\.o$|\.a$/
const shared = { needs: ['cmake', 'make43'], files, outputs } as const

driveUnderRun({
  ...shared,
  name: 'cmake --build', // passes MAKEFLAGS on to make
  command: ['sh', '-c', `${configure} && cmake --build build`],
  alone: ['sh', '-c', `${configure} && MAKEFLAGS=-j4 cmake --build build`],
})

driveUnderRun({
  ...shared,
  name: 'cmake --build -j8', // starts make with a pool of its own
  command: ['sh', '-c', `${configure} && cmake --build build -j8`],
  noise: /^g?make(\[\d+\])?: warning: -j8 forced in (submake|makefile): resetting jobserver mode\.?$/,
})

test.run()
