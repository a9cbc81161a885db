/** The machine's pool (docs/protocol.md). */

/** The name of its FIFO in the state directory; the other files have it before their suffixes. */
export const machinePool = 'machine'

/** Where the pool of the whole machine has its FIFO, if root has set one up: it comes before the user's own. */
export const systemPool = {
  directory: '/run/jobshim',
  fifo: '/run/jobshim/machine',
  group: 'jobshim',
} as const
