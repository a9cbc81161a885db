/** What a timeline may be written as. */
import { extname } from 'node:path'

export const formatNames = ['html', 'svg', 'json'] as const
export type Format = (typeof formatNames)[number]

export const isFormat = (name: string): name is Format => formatNames.some(each => each === name)

/** Returns the format that a file's name asks for; undefined: none. */
export function formatBySuffix(output: string): Format | undefined {
  const suffix = extname(output).slice(1).toLowerCase()
  const name = suffix === 'htm' ? 'html' : suffix
  return isFormat(name) ? name : undefined
}
