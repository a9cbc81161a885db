import { driveUnderRun } from '../support/driver.js'
import { sources } from '../support/sources.js'
import { test } from '../support/test-with.js'

driveUnderRun({
  name: 'xargs -P8',
  needs: [],
  files: { sources: `${sources.join('\n')}\n` },
  command: ['xargs', '-a', 'sources', '-P8', '-I{}', 'cc', '-c', '{}.c', '-o', '{}.o'],
})

test.run()
