/** Where jobshim's parts are in a system that Portage keeps. */
import { join } from 'node:path'
import type { Ground } from '../edits/plan.js'

/** How a package's phases are governed: shims on PATH, or a sandbox. */
export type Way = 'shims' | 'sandbox'

/** Our env files, by the names that package.env has, and what each sets for the hook. */
export const envFiles: Readonly<Record<Way, { name: string; setting: string; text: string }>> = {
  shims: { name: 'jobshim.conf', setting: 'JOBSHIM_PORTAGE=1', text: 'below its shims' },
  sandbox: { name: 'jobshim-sandbox.conf', setting: 'JOBSHIM_PORTAGE=sandbox', text: 'in its sandbox' },
}

/** The state file names what install and enable made, beside the shims. */
export type PortagePlaces = Ground & {
  etc: string // Portage's own configuration: every system that has Portage has it
  shims: string
  hook: string
  bashrc: string
  builtin: string // by which bash enters a sandbox; not there if it could not be built
  envFiles: Readonly<Record<Way, string>>
  packageEnv: string // the user's: a file, a directory, or nothing
  packageEnvFile: string // ours, where that is a directory
}

/** Returns the paths below `root` (absolute). */
export function portagePlaces(root: string): PortagePlaces {
  const own = join(root, 'usr/lib/jobshim')
  const etc = join(root, 'etc/portage')
  return {
    root,
    advice: {
      read: 'mend it, or name another system with --root',
      change: 'run it as root, or name another system with --root',
    },
    etc,
    shims: join(own, 'portage'),
    hook: join(own, 'portage-hook.bash'),
    state: join(own, 'portage.json'),
    bashrc: join(etc, 'bashrc'),
    builtin: join(own, 'portage-sandbox.so'),
    envFiles: {
      shims: join(etc, 'env', envFiles.shims.name),
      sandbox: join(etc, 'env', envFiles.sandbox.name),
    },
    packageEnv: join(etc, 'package.env'),
    packageEnvFile: join(etc, 'package.env/jobshim'),
  }
}

/** The hook as the phases see it: Portage tells them whose configuration they have, `/` or a root with one of its own. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
export const hookInPhase = '"${PORTAGE_CONFIGROOT%/}/usr/lib/jobshim/portage-hook.bash"'
