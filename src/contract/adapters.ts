/**
 * Shims for what starts tools. An adapter keeps the shims on PATH, mends the jobserver's style, and pays for a client's
 * own slot where a non-client starts it.
 */
export type AdapterFamily = 'bmake' | 'cargo' | 'cmake' | 'ctest' | 'go' | 'make' | 'ninja'

export type Adapter = {
  name: string
  family: AdapterFamily
  versioned?: true // also with a version behind it: make-4.4, gmake4, cmake3
  keepsName?: true // argv[0] stays as the caller has it: make prints it as $(MAKE); cmake finds its files by a path
  fifoSince?: readonly [major: number, minor: number] // first version that speaks `fifo:`; absent: it is not asked
}

export const adapters: readonly Adapter[] = [
  { name: 'bmake', family: 'bmake', keepsName: true }, // no client: when a job fails it empties the pool
  { name: 'cargo', family: 'cargo', versioned: true, fifoSince: [1, 70] },
  { name: 'cmake', family: 'cmake', versioned: true }, // no client: `cmake --build` starts one
  { name: 'ctest', family: 'ctest', versioned: true, fifoSince: [3, 29] }, // a client since then
  { name: 'gmake', family: 'make', versioned: true, keepsName: true, fifoSince: [4, 4] },
  { name: 'gnumake', family: 'make', versioned: true, keepsName: true, fifoSince: [4, 4] },
  { name: 'go', family: 'go' }, // no client: its tools pay, each by -toolexec
  { name: 'make', family: 'make', versioned: true, keepsName: true, fifoSince: [4, 4] },
  { name: 'ninja', family: 'ninja', versioned: true, keepsName: true, fifoSince: [1, 13] }, // a client since then
  { name: 'ninja-build', family: 'ninja', keepsName: true, fifoSince: [1, 13] }, // Fedora's name for it
  { name: 'remake', family: 'make', versioned: true, keepsName: true, fifoSince: [4, 4] }, // GNU make with a debugger
  { name: 'samu', family: 'ninja', keepsName: true, fifoSince: [1, 13] }, // tells ninja's version: 1.9.0
]

/** All names of adapters, sorted. */
export const adapterNames: readonly string[] = adapters.map(({ name }) => name)

const version = /^-?\d[\d.]*$/

/** Returns the adapter for a program of this name, or undefined. */
export const adapterOf = (name: string): Adapter | undefined =>
  adapters.find(({ name: own }) => own === name) ??
  adapters.find(
    ({ name: own, versioned }) => versioned && name.startsWith(own) && version.test(name.slice(own.length)),
  )

/** Programs that the launcher starts by their path, and that start tools at once: they too keep the shims on PATH. */
export const pathKeepers: readonly string[] = [
  'cgo', // go's, started by -toolexec: a gcc for each file, since Go 1.26 as many at once as there are cores
]
