/**
 * The manifest: every link we made. It is written before the first link, so that whatever is killed, no link of ours
 * is unknown to it. It is only ever believed together with what the link says: a listed name that is no longer
 * our link is a foreign file.
 */
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { packageVersion } from '../ground/version.js'
import { launcherPlace } from '../tools/launcher-path.js'
import { isToolName } from '../tools/tool-name.js'
import { type Layout, shimTarget } from './layout.js'

export const manifestVersion = 1

export type Manifest = {
  version: number
  jobshim: string
  links: readonly { name: string; target: string }[]
  pending?: readonly string[] // names that an install has begun to make, and not ended
}

export type ManifestState =
  | { kind: 'none' }
  | { kind: 'good'; jobshim: string; names: readonly string[]; pending: readonly string[] }

/** Returns the text of a manifest of shims with these names. */
export function renderManifest(names: readonly string[], pending: readonly string[] = []): string {
  const manifest: Manifest = {
    version: manifestVersion,
    jobshim: packageVersion(),
    links: [...names].sort().map(name => ({ name, target: shimTarget(name) })),
    ...(pending.length === 0 ? {} : { pending }),
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** Returns what the manifest says, or undefined where the text isn't one of ours. */
export function parseManifest(text: string): Manifest | undefined {
  const value = parseJson(text)
  if (!isRecord(value) || value.version !== manifestVersion || !Array.isArray(value.links)) return undefined
  if (typeof value.jobshim !== 'string') return undefined
  const links: { name: string; target: string }[] = []
  for (const link of value.links as unknown[]) {
    if (!isRecord(link)) return undefined
    const { name, target } = link
    if (typeof name !== 'string' || !isToolName(name)) return undefined
    if (target !== shimTarget(name) && target !== launcherPlace) return undefined
    links.push({ name, target })
  }
  const { jobshim, pending = [] } = value
  if (!Array.isArray(pending) || !pending.every(name => links.some(link => link.name === name)))
    return undefined
  return { version: manifestVersion, jobshim, links, ...(pending.length === 0 ? {} : { pending }) }
}

/** Reads the manifest. Throws `Failure` for one that isn't ours. */
export function readManifest(layout: Layout): ManifestState {
  const text = readOrNothing(layout.manifest)
  if (text === undefined) return { kind: 'none' }
  const manifest = parseManifest(text)
  if (manifest)
    return {
      kind: 'good',
      jobshim: manifest.jobshim,
      names: manifest.links.map(({ name }) => name),
      pending: manifest.pending ?? [],
    }
  throw new Failure(
    `${layout.manifest}: not a manifest of this version`,
    `remove ${layout.own} and install again; links of ours that are still wanted are taken over`,
  )
}

function readOrNothing(path: string): string | undefined {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) // a FIFO is refused, not waited for
    try {
      return readFileSync(file, 'utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return undefined
    throw new Failure(
      `${path}: the list of shims can't be read (${code})`,
      'make it readable, or name another place with --dir',
    )
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
