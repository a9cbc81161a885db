/**
 * Shims for clients. An adapter keeps the shims on PATH and its caller's argv[0] (make prints it as $(MAKE)),
 * mends the jobserver's style, and pays for the client's own slot where a non-client starts it.
 */
export type Adapter = {
  name: string
  family: 'make' | 'ninja'
  fifoSince: readonly [major: number, minor: number] // first version that speaks `fifo:`
  ownPool: 'never-joins' // its own -jN on the command line opens another pool, or ignores ours
}

export const adapters: readonly Adapter[] = [
  { name: 'gmake', family: 'make', fifoSince: [4, 4], ownPool: 'never-joins' },
  { name: 'make', family: 'make', fifoSince: [4, 4], ownPool: 'never-joins' },
  { name: 'ninja', family: 'ninja', fifoSince: [1, 13], ownPool: 'never-joins' },
]
