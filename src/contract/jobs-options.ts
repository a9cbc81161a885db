/** The -j of what an adapter starts. */

import type { AdapterFamily } from './adapters.js'
import { makeLetters } from './make-options.js'

/** How a command line tells the number of jobs: by -j, and by what else. */
export type JobsOption = {
  family: AdapterFamily
  long: string // its long name; empty: it has none
  number: 'must follow' | 'may follow' // may: the next word is its number if it begins with a digit
  zero: 'unbounded' | 'refused' // what -j0 asks for; refused: the program itself says so
  letters: boolean // -kj4 is -k -j4; else the word begins with -j
  taking: string // single letters with an argument: the rest of the word, or the next one
  ending: string // single letters whose argument, if there is one, is the rest of the word
  beyond: boolean // also behind `--`
  longOptions?: 'of GNU make' // with arguments that are words of their own
  longTaking?: string // the long option, as far as it may be cut short, whose argument is a word of its own
  heeding?: string // the long option, likewise, with which it joins a jobserver that it finds, whatever its -j
}

export const jobsOptions: readonly JobsOption[] = [
  {
    family: 'bmake',
    long: '',
    number: 'must follow',
    zero: 'refused',
    letters: true,
    taking: 'CDIJTVdfmv',
    ending: '',
    beyond: false,
  },
  {
    family: 'cmake',
    long: '--parallel',
    number: 'may follow',
    zero: 'refused',
    letters: false,
    taking: '',
    ending: '',
    beyond: true, // words for the program that it starts
  },
  {
    family: 'make',
    long: '--jobs',
    number: 'may follow',
    zero: 'refused',
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
    zero: 'unbounded',
    letters: true,
    taking: 'Cdfkltw',
    ending: '',
    beyond: false,
    longTaking: '--status', // master
    heeding: '--jobserver-pool', // master; where it finds none it makes one
  },
]
