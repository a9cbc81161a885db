import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderBuild } from '../../src/launcher/slowness.js'

const hint =
  'install musl-gcc (Debian: musl-tools), build the launcher anew (make -B -C shims), then jobshim install'

const rows = [
  { linking: 'static', libc: 'musl', says: '' },
  {
    linking: 'static',
    libc: 'glibc',
    says: `: on a virtual machine a shim takes x1.9 to x2.1 of true, and x1.2 to x1.3 with musl; ${hint}`,
  },
  { linking: 'dynamic', libc: 'glibc', says: `: starts later than a static one; ${hint}` },
  { linking: 'dynamic', libc: 'musl', says: `: starts later than a static one; ${hint}` },
]

for (const { linking, libc, says } of rows)
  test(`launcher :: slowness :: ${linking}, ${libc}`, () => {
    assert.is(
      renderBuild({ linking, libc, bytes: 90_000 }),
      `launcher: ${linking}, ${libc}, 90000 bytes${says}`,
    )
  })

test.run()
