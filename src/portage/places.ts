/** Where jobshim's parts are in a system that Portage keeps. */
import { join } from 'node:path'

/** The variable by which an env file of Portage's switches a package's phases over, and its value. */
export const optIn = 'JOBSHIM_PORTAGE=1'

/** The name of our env file, as package.env has it. */
export const envFileName = 'jobshim.conf'

export type PortagePlaces = {
  root: string
  shims: string
  hook: string
  state: string // what install and enable made, beside the shims
  bashrc: string
  envFile: string
  packageEnv: string // the user's: a file, a directory, or nothing
  packageEnvFile: string // ours, where that is a directory
}

/** Returns the paths below `root` (absolute). */
export function portagePlaces(root: string): PortagePlaces {
  const own = join(root, 'usr/lib/jobshim')
  const etc = join(root, 'etc/portage')
  return {
    root,
    shims: join(own, 'portage'),
    hook: join(own, 'portage-hook.bash'),
    state: join(own, 'portage.json'),
    bashrc: join(etc, 'bashrc'),
    envFile: join(etc, 'env', envFileName),
    packageEnv: join(etc, 'package.env'),
    packageEnvFile: join(etc, 'package.env/jobshim'),
  }
}

/** The hook as the phases see it: Portage tells them whose configuration they have, `/` or a root with one of its own. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
export const hookInPhase = '"${PORTAGE_CONFIGROOT%/}/usr/lib/jobshim/portage-hook.bash"'
