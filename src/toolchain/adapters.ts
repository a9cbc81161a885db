/**
 * Shims for what starts tools. An adapter keeps the shims on PATH, mends the jobserver's style, and pays for a client's
 * own slot where a non-client starts it.
 */
import { makeLetters } from '../jobserver/make-options.js'

export type AdapterFamily = 'bmake' | 'cargo' | 'cmake' | 'go' | 'make' | 'ninja'

export type Adapter = {
  name: string
  family: AdapterFamily
  keepsName?: true // argv[0] stays as the caller has it: make prints it as $(MAKE); cmake finds its files by a path
  fifoSince?: readonly [major: number, minor: number] // first version that speaks `fifo:`; absent: it is not asked
}

export const adapters: readonly Adapter[] = [
  { name: 'bmake', family: 'bmake', keepsName: true }, // no client: when a job fails it empties the pool
  { name: 'cargo', family: 'cargo', fifoSince: [1, 70] },
  { name: 'cmake', family: 'cmake' }, // no client: `cmake --build` starts one
  { name: 'gmake', family: 'make', keepsName: true, fifoSince: [4, 4] },
  { name: 'go', family: 'go' }, // no client: its tools pay, each by -toolexec
  { name: 'make', family: 'make', keepsName: true, fifoSince: [4, 4] },
  { name: 'ninja', family: 'ninja', keepsName: true, fifoSince: [1, 13] }, // a client since then
  { name: 'samu', family: 'ninja', keepsName: true, fifoSince: [1, 13] }, // tells ninja's version: 1.9.0
]

/** All names of adapters, sorted. */
export const adapterNames: readonly string[] = adapters.map(({ name }) => name)

/** Programs that the launcher starts by their path, and that start tools at once: they too keep the shims on PATH. */
export const pathKeepers: readonly string[] = [
  'cgo', // go's, started by -toolexec: a gcc for each file, since Go 1.26 as many at once as there are cores
]

/** How a command line tells the number of jobs: by -j, and by what else. */
export type JobsOption = {
  family: AdapterFamily
  long: string // its long name; empty: it has none
  number: 'must follow' | 'may follow' // may: the next word is its number if it begins with a digit
  letters: boolean // -kj4 is -k -j4; else the word begins with -j
  taking: string // single letters with an argument: the rest of the word, or the next one
  ending: string // single letters whose argument, if there is one, is the rest of the word
  beyond: boolean // also behind `--`
  longOptions?: 'of GNU make' // with arguments that are words of their own
}

export const jobsOptions: readonly JobsOption[] = [
  {
    family: 'bmake',
    long: '',
    number: 'must follow',
    letters: true,
    taking: 'CDIJTVdfmv',
    ending: '',
    beyond: false,
  },
  {
    family: 'cmake',
    long: '--parallel',
    number: 'may follow',
    letters: false,
    taking: '',
    ending: '',
    beyond: true, // words for the program that it starts
  },
  {
    family: 'make',
    long: '--jobs',
    number: 'may follow',
    letters: true,
    taking: makeLetters('required'),
    ending: makeLetters('optional', 'decimal'),
    beyond: false,
    longOptions: 'of GNU make',
  },
  {
    family: 'ninja',
    long: '',
    number: 'must follow',
    letters: true,
    taking: 'Cdfkltw',
    ending: '',
    beyond: false,
  },
]
