/** What doctor advises for a tool without a slot, for each reason that it can have: a build of that kind, then the same as advised. Those of a sandbox doctor does not tell. */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type BypassReason, bypassReasons } from '../../src/contract/bypass-reasons.js'
import { addTools } from '../support/patient.js'
import { test } from '../support/test-with.js'
import { writeFiles } from '../support/workspace.js'
import { advised, makeShell, type Shell, type Sick, type Terms } from './advised.js'

// A tool that the watch sees: it works, and runs for so many seconds.
const slow = `#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int main(int count, char **words)
{
	while (clock() < CLOCKS_PER_SEC / 30) { }
	sleep(count > 3 ? atoi(words[3]) : 1);
	return 0;
}
`

// A compiler that no table knows: it has another program do the work.
const driver = `#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int count, char **words)
{
	if (fork() == 0)
		execv(getenv("PART"), words);
	wait(NULL);
	return count == 0;
}
`

type SlowShell = Shell & { slow: string }

async function withSlowTool(): Promise<SlowShell> {
  const shell = await makeShell()
  writeFiles(shell.root, { 'slow.c': slow })
  rmSync(join(shell.tools, 'gcc'))
  const program = join(shell.root, 'slow')
  execFileSync('cc', ['-o', program, join(shell.root, 'slow.c')])
  addTools(shell.tools, { gcc: program })
  return { ...shell, slow: program }
}

// Behind it the shell does not become the tool, which would have the slot of the command.
const inShell = (script: string): string => `-- sh -c '${script}; :'`

/** A build whose tool has no slot for this reason, and what is done as advised. Scripts are without single quotes. */
function past(
  reason: BypassReason,
  title: string,
  cases: (shell: SlowShell) => {
    env?: Record<string, string>
    script: string
    prepare?: () => void
    mend?: () => void
    mended: string // the same build as advised
  },
  terms: Terms = {},
): void {
  const arrange = async (): Promise<Sick> => {
    const shell = await withSlowTool()
    const { env, script, prepare, mend, mended } = cases(shell)
    prepare?.()
    return {
      row: 'past the shims',
      work: shell.work,
      env: { ...shell.env, ...env },
      words: inShell(script),
      byHand: fix => {
        assert.ok(fix.endsWith(bypassReasons[reason].fix.replace('$DIR', shell.shims)), fix)
        mend?.()
        return { words: inShell(mended) }
      },
    }
  }
  advised('past', `${reason} :: ${title}`, arrange, terms)
}

past('byPath', 'called by its name', ({ tools }) => ({ script: `${tools}/gcc -c a.c`, mended: 'gcc -c a.c' }))
past('byPath', 'called by the path of its shim', ({ tools, shims }) => ({
  script: `${tools}/gcc -c a.c`,
  mended: `${shims}/gcc -c a.c`,
}))
past('notFirst', 'PATH is set', ({ behind, shims }) => ({
  script: `PATH=${behind}:${shims} gcc -c a.c`,
  mended: `PATH=${behind}:${shims}; eval "$(jobshim env)"; gcc -c a.c`,
}))
past('notOnPath', 'PATH is set', ({ behind }) => ({
  script: `PATH=${behind} gcc -c a.c`,
  mended: `PATH=${behind}; eval "$(jobshim env)"; gcc -c a.c`,
}))
past('part', 'a compiler by a name that is no tool', ({ root, slow, shims }) => ({
  prepare: () => {
    writeFiles(root, { 'driver.c': driver })
    execFileSync('cc', ['-o', join(root, 'driver'), join(root, 'driver.c')])
    addTools(join(root, 'more'), { frob: join(root, 'driver') })
    cpSync(slow, join(root, 'libexec/gcc/13/cc1'), { recursive: true })
  },
  script: `PATH=$PATH:${root}/more; export PART=${root}/libexec/gcc/13/cc1; frob -c a.c`,
  mended: `PATH=$PATH:${root}/more; export PART=${root}/libexec/gcc/13/cc1; jobshim install --tools gcc,frob --dir ${shims} >/dev/null; frob -c a.c`,
}))
past(
  'noJobserver',
  'two in a place without its directory and its environment',
  ({ runtime, work }) => {
    const inBox = (more: string) =>
      `for i in 1 2; do bwrap --dev-bind / / --unshare-pid --proc /proc ${more} gcc -c a.c & done; wait`
    return {
      env: { JOBSHIM_NO_JOBSERVER: 'pass' },
      prepare: () => writeFiles(work, { '.jobshimrc.yaml': 'jobs: 1\n' }),
      script: inBox(`--tmpfs ${runtime} env -i PATH=$PATH`),
      mended: inBox(''),
    }
  },
  { needs: 'bwrap' },
)
past('noShim', 'a compiler that no install has seen', ({ root, slow, shims }) => ({
  prepare: () => addTools(join(root, 'more'), { 'gcc-99': slow }),
  script: `PATH=$PATH:${root}/more; gcc-99 -c a.c`,
  mended: `PATH=$PATH:${root}/more; jobshim install --dir ${shims} >/dev/null; gcc-99 -c a.c`,
}))
past('disabled', 'JOBSHIM_DISABLE in a script', () => ({
  script: 'JOBSHIM_DISABLE=1; export JOBSHIM_DISABLE; gcc -c a.c',
  mended: 'JOBSHIM_DISABLE=1; export JOBSHIM_DISABLE; unset JOBSHIM_DISABLE; gcc -c a.c',
}))
past('overdraft', 'patience is raised in the config', ({ work }) => ({
  prepare: () => writeFiles(work, { '.jobshimrc.yaml': 'jobs: 1\npatience: 0.2\n' }),
  script: 'gcc -c a.c 8 & gcc -c b.c; wait',
  mend: () => writeFiles(work, { '.jobshimrc.yaml': 'jobs: 1\npatience: 600\n' }),
  mended: 'gcc -c a.c 8 & gcc -c b.c; wait',
}))

test.run()
