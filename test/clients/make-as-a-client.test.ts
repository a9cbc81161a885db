import { test } from 'uvu'
import type { ClientKey } from '../support/clients.js'
import { driveUnderRun } from '../support/driver.js'
import { recipeForms } from '../support/makefiles.js'

const makes: readonly ClientKey[] = ['make43', 'make44']

for (const key of makes)
  for (const { name, needs, files } of recipeForms)
    driveUnderRun({
      name: `${key} :: ${name}`,
      needs: needs === undefined ? [key] : [key, needs],
      files,
      command: ['make'],
      alone: ['make', '-j4'],
      noise: /^make(\[\d+\])?: warning: -j16 forced in (submake|makefile): resetting jobserver mode\.$/,
    })

test.run()
