import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { repository, writeFiles } from '../support/workspace.js'
import { makeYard } from '../yard/yard.js'

const yard = await makeYard('')
const result = join(yard.root, 'result')

/** Writes down which of its descriptors 0, 1 and 2 are open. */
writeFiles(yard.root, {
  'tools/told': `#!/bin/sh
open=
for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] && open=$open$fd; done
echo "$open" >${result}
`,
})

const jobshim = [process.execPath, join(repository, 'bin/jobshim.js')]
const told = join(yard.root, 'tools/told')
const ways = {
  plain: [told],
  run: [...jobshim, 'run', '-j2', '--no-config', '--dir', yard.shims, '--', told],
  exec: [...jobshim, 'exec', '--no-config', '--dir', yard.shims, '--', told],
  'the launcher': [join(yard.shims, '.jobshim/launcher'), told],
}

for (const [way, words] of Object.entries(ways))
  test(`closed descriptors :: ${way} :: each of 0, 1 and 2 that was closed stays so`, async () => {
    for (const closed of ['', '0', '1', '2', '01', '02', '12', '012']) {
      rmSync(result, { force: true })
      const redirections = [...closed].map(fd => `${fd}>&-`).join(' ')
      const { status } = await run('sh', ['-c', `"$@" ${redirections}; exit $?`, 'sh', ...words], {
        cwd: yard.root,
        env: { ...yard.env, HOME: yard.root },
      })
      const open = existsSync(result) ? readFileSync(result, 'utf8').trim() : 'nothing was written'
      assert.equal([status, open], [0, [...'012'].filter(fd => !closed.includes(fd)).join('')], closed)
    }
  })

for (const way of ['run', 'exec'] as const)
  test(`closed descriptors :: ${way} :: what is open on /dev/null stays open`, async () => {
    for (const redirection of ['</dev/null', '>/dev/null', '2>/dev/null', '<>/dev/null >&0 2>&0']) {
      rmSync(result, { force: true })
      // A shell that has become jobshim can't be asked what it handed on.
      const script = redirection.startsWith('<>')
        ? `exec ${redirection}; "$@"; exit $?`
        : `"$@" ${redirection}; exit $?`
      const { status } = await run('sh', ['-c', script, 'sh', ...ways[way]], {
        cwd: yard.root,
        env: { ...yard.env, HOME: yard.root },
      })
      assert.equal([status, readFileSync(result, 'utf8')], [0, '012\n'], redirection)
    }
  })

for (const way of ['run', 'exec'] as const)
  test(`closed descriptors :: ${way} :: a write to a closed stdout fails, as without jobshim; what can't be started is told`, async () => {
    const rest = ways[way].slice(0, -1)
    const around = { cwd: yard.root, env: { ...yard.env, HOME: yard.root } }
    const ended = async (script: string, words: readonly string[]) =>
      await run('sh', ['-c', `${script}; exit $?`, 'sh', ...words], around)
    assert.is((await ended('"$@" >&-', [...rest, 'sh', '-c', 'echo hi'])).status, 1)
    const missing = await ended('"$@" <&-', [...rest, './missing'])
    assert.equal([missing.status, missing.stdout], [127, ''])
    assert.match(missing.stderr, /^jobshim: \.\/missing: not found/)
    const denied = await ended('"$@" <&-', [...rest, '/etc/passwd'])
    assert.equal([denied.status, denied.stdout], [126, ''])
    assert.match(denied.stderr, /^jobshim: \/etc\/passwd: not executable/)
  })

test.run()
