/** PATH as real tools see it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Returns PATH without shim dirs: ours, or those of another installation. */
export const realPath = (path: string): string =>
  path
    .split(':')
    .filter(directory => !existsSync(join(directory || '.', '.jobshim')))
    .join(':')
