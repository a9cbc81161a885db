import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { makeWorkspace, repository } from '../support/workspace.js'

/** Portage's helpers of the ebuild, as far as it uses them: the image lies in $D. */
const helpers = `
set -eu
inherit() { :; }
put() { mkdir -p "$D$1"; cp -rL "\${@:2}" "$D$1/"; }
as() { mkdir -p "$D$1"; cp "$2" "$D$1/$3"; }
insinto() { into=$1; }
doins() { [ "$1" != -r ] || shift; put "$into" "$@"; }
fperms() { local mode=$1 path; shift; for path; do chmod "$mode" "$D$path"; done; }
dosym() { shift; mkdir -p "$D\${2%/*}"; ln -s "$D$1" "$D$2"; }
newinitd() { as /etc/init.d "$@"; }
systemd_dounit() { put /usr/lib/systemd/system "$@"; }
doman() { put /usr/share/man/man1 "$@"; }
newbashcomp() { as /usr/share/bash-completion/completions "$@"; }
newzshcomp() { as /usr/share/zsh/site-functions "$@"; }
newfishcomp() { as /usr/share/fish/vendor_completions.d "$@"; }
dodoc() { put /usr/share/doc/jobshim "$@"; }
. examples/portage/dev-build/jobshim/jobshim-9999.ebuild
src_install
`

test('package :: ebuild :: what it installs works, with man page and completions', async () => {
  const image = makeWorkspace('image')
  const installed = await run('bash', ['-c', helpers], {
    cwd: repository,
    env: { D: image },
  })
  assert.equal([installed.status, installed.stderr], [0, ''])
  for (const path of [
    'usr/share/man/man1/jobshim.1',
    'usr/share/bash-completion/completions/jobshim',
    'usr/share/zsh/site-functions/_jobshim',
    'usr/share/fish/vendor_completions.d/jobshim.fish',
  ])
    assert.ok(statSync(join(image, path)).size > 0, path)
  const home = join(image, 'usr/lib/node_modules/jobshim')
  assert.not(existsSync(join(home, 'node_modules')))
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { status, stderr, stdout } = await run(process.execPath, [
      join(home, 'bin/jobshim.js'),
      'completion',
      shell,
    ])
    assert.equal([status, stderr], [0, ''])
    assert.ok(stdout.includes('jobshim'))
  }
})

test.run()
