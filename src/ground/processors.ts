/** How many processors this process may use at once. */
import { availableParallelism } from 'node:os'
import { readSmallFile } from './small-file.js'

export type CgroupPlaces = {
  own: string // names the groups that this process is in
  version2: string // where the file systems are mounted
  version1: string // that of the cpu controller
}

const kernels: CgroupPlaces = {
  own: '/proc/self/cgroup',
  version2: '/sys/fs/cgroup',
  version1: '/sys/fs/cgroup/cpu',
}

/**
 * Returns how many: those that it may run on (sched_getaffinity(2), which a cpuset bounds too), or fewer, if one of its
 * cgroups has a quota of processor time. Part of one counts as one, as for Java and Go.
 */
export function processors(places: CgroupPlaces = kernels, onMachine = availableParallelism()): number {
  const groups = groupsOf(readSmallFile(places.own) ?? '')
  const quotas = [
    ...groups.version2.map(path => quotaOf(readSmallFile(`${places.version2}${path}/cpu.max`))),
    ...groups.version1.map(path => {
      const file = (name: string): string | undefined =>
        readSmallFile(`${places.version1}${path}/cpu.cfs_${name}_us`)
      return quotaOf(`${file('quota')} ${file('period')}`)
    }),
  ]
  return Math.max(1, Math.min(onMachine, ...quotas.map(Math.ceil)))
}

// Each group above has a quota of its own, too. Lines of `ID:CONTROLLERS:PATH` (cgroups(7)); `0::` is that of version 2.
function groupsOf(own: string): { version2: string[]; version1: string[] } {
  const rows = own.split('\n').flatMap(line => {
    const [, id, controllers = '', path = ''] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
    return id === undefined ? [] : [{ isVersion2: id === '0', controllers: controllers.split(','), path }]
  })
  return {
    version2: rows.filter(({ isVersion2 }) => isVersion2).flatMap(({ path }) => withAbove(path)),
    version1: rows
      .filter(({ controllers }) => controllers.includes('cpu'))
      .flatMap(({ path }) => withAbove(path)),
  }
}

// A container's own group may be what is mounted, under a path that only its host has: so the mount itself counts, too.
const withAbove = (path: string): string[] => {
  const names = path.split('/').filter(name => name !== '')
  return ['', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)]
}

// `QUOTA PERIOD`, in microseconds; max or -1: it has none.
function quotaOf(text: string | undefined): number {
  const [, quota, period] = /^(\d+)\s+([1-9]\d*)\s*$/.exec(text ?? '') ?? []
  return quota === undefined ? Number.POSITIVE_INFINITY : Number(quota) / Number(period)
}
