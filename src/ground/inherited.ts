/** The descriptors we were started with beyond stdio. Node marks them close-on-exec, so a child gets them only by name. */
import { readlinkSync } from 'node:fs'
import { systemErrorCode } from './failure.js'

/**
 * Returns the inherited descriptors from 3 on, up to the first gap or the first of Node's own: Node opens its event
 * loop's epoll before anything else, and the kernel gives it the lowest free number.
 */
export function inheritedDescriptors(first = 3): number[] {
  const place = descriptorTarget(first)
  if (place === undefined || place.startsWith('anon_inode:[eventpoll]')) return []
  return [first, ...inheritedDescriptors(first + 1)]
}

/** Returns those that a child is to get: stdio and the inherited ones. */
export const passedDescriptors = (): number[] => [0, 1, 2, ...inheritedDescriptors()]

function descriptorTarget(descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
