/**
 * Shims for clients. An adapter keeps the shims on PATH and its caller's argv[0] (make prints it as $(MAKE)),
 * mends the jobserver's style, and pays for the client's own slot where a non-client starts it.
 */
export type Adapter = {
  name: string
  family: 'make' | 'ninja'
  fifoSince: readonly [major: number, minor: number] // first version that speaks `fifo:`
}

export const adapters: readonly Adapter[] = [
  { name: 'gmake', family: 'make', fifoSince: [4, 4] },
  { name: 'make', family: 'make', fifoSince: [4, 4] },
  { name: 'ninja', family: 'ninja', fifoSince: [1, 13] },
]
