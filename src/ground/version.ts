/** Which jobshim this is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

declare const bundledVersion: string | undefined // put in by src/bundle.ts: no start reads a file for it

/** Returns the version of this package. */
export function packageVersion(): string {
  if (typeof bundledVersion === 'string') return bundledVersion
  const text = readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
