/**
 * Programs that stand between a build and its compilers: called as `ccache gcc`, or through a link named `gcc`.
 * A shim strips itself from their PATH, so that what they take for the compiler (and ccache hashes) is the real one.
 */
import { adapterNames } from './adapters.js'

export type Wrapper = {
  name: string
  family: string // whose arguments apply where it is given no compiler
  prefixes: readonly string[] // variables that put a command in front of what it starts: that takes the slot then
  server: boolean // the first call leaves one behind, which must not keep the jobserver
  daemon: string // the program that compiles for it, while it waits and has a slot for that; empty: none
  why: string
}

export const wrappers: readonly Wrapper[] = [
  {
    name: 'ccache',
    family: 'ccache',
    prefixes: ['CCACHE_PREFIX', 'CCACHE_PREFIX_CPP'],
    server: false,
    daemon: '',
    why: 'a hit starts nothing and so takes no slot; preprocessing has a prefix of its own',
  },
  {
    name: 'distcc',
    family: 'distcc',
    prefixes: [],
    server: false,
    daemon: 'distccd',
    why: 'it preprocesses here and waits for the rest: one slot for both, or a build would flood its hosts',
  },
  { name: 'icecc', family: 'icecc', prefixes: [], server: false, daemon: 'iceccd', why: 'as distcc' },
  {
    name: 'sccache',
    family: 'sccache',
    prefixes: [],
    server: true,
    daemon: 'sccache',
    why: 'its server starts the compilers, for as many calls as there are slots',
  },
]

/** Names of programs that are no tools and have a shim: those of the adapters, and of the wrappers; sorted. */
export const adaptedNames: readonly string[] = [...adapterNames, ...wrappers.map(({ name }) => name)].sort()
