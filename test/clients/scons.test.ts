import { driveUnderRun } from '../support/driver.js'
import { link, sources } from '../support/sources.js'
import { test } from '../support/test-with.js'

driveUnderRun({
  name: 'scons -j8',
  needs: ['scons'],
  files: {
    SConstruct: `import os
env = Environment(ENV=os.environ)
objects = [env.Object(name + '.c') for name in '${sources.join(' ')}'.split()]
env.Command('all.o', objects, '${link}')
`,
  },
  command: ['scons', '-Q', '-s', '-j8'],
})

test.run()
