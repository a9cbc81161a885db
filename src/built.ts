/** Tells which launcher `npm run build` has made. */
import { statSync } from 'node:fs'
import { print } from './ground/print.js'
import { callLook } from './launcher/look.js'
import { renderBuild } from './launcher/slowness.js'
import { builtWithPackage } from './shimdir/launcher.js'
import { lookBeside } from './shimdir/layout.js'

const outcome = callLook(lookBeside(builtWithPackage), 'features')
if (outcome.kind === 'answered') {
  const { linking, libc } = outcome.answer
  print(`${renderBuild({ linking, libc, bytes: statSync(builtWithPackage).size })}\n`)
}
