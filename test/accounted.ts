/** Which test files run on a jobserver that keeps an account, too, and which of their tests say nothing there. */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How its server accounts: by the names of support/accounting.ts. */
export const accountedBy: readonly string[] = ['by process', 'by open file']

type LeftOut = {
  file: string
  titles: RegExp
  way?: string // with this one alone
  why: string
}

const leftOut: readonly LeftOut[] = [
  {
    file: 'shims/adapters',
    titles: /^adapters :: (join :: ninja|an address that takes the place)/,
    why: 'ninja reads no file of FUSE: it is not handed the address, and keeps to the slots that MAKEFLAGS tell',
  },
  {
    file: 'shims/nothing-lost',
    titles: /^kill :: the launcher while it holds a token, and nobody waits|^kill :: everybody at once/,
    why: 'until a launcher looks for the dead a FIFO lacks their tokens; shims/accounting has both without that',
  },
  {
    file: 'clients/emerge',
    titles: /serve -j4 :: (never|\^C|kill)/,
    way: 'by process',
    why: 'long: half of them in each way',
  },
  {
    file: 'clients/emerge',
    titles: /:: userpriv/,
    way: 'by open file',
    why: 'long: half of them in each way',
  },
  {
    file: 'clients/go',
    titles: /:: it takes (no slot|one for all)/,
    why: 'a look at how many tokens are free, which it does not tell',
  },
  {
    file: 'clients/links',
    titles: /ninja113 :: its own slot/,
    why: 'ninja 1.13 reads FIFOs alone: it has no slot there',
  },
  {
    file: 'clients/make-as-a-client',
    titles: /after env -i/,
    why: 'as clients/script',
  },
  {
    file: 'clients/prefix',
    titles: /RUSTC_WRAPPER/,
    why: 'it goes past the shim of cargo, which of two descriptors takes pipes alone, and says so',
  },
  {
    file: 'clients/script',
    titles: /:: env -i ::/,
    why: 'to a build that clears its environment run leads with a pool of its own alone',
  },
  {
    file: 'shims/gates-callers',
    titles: /^caller's slot :: status names the tool/,
    why: 'the census of a pool of our own',
  },
  {
    file: 'clients/takes-all',
    titles: /beside each other, by make43/,
    way: 'by open file',
    why: "the kernel's jobserver-exec opens make's R anew and writes to W: to such a server these are two",
  },
  {
    file: 'clients/takes-all',
    titles: /^below make|^claims/,
    why: 'PARALLELISM counts for nothing, since it tells no number of free tokens',
  },
  {
    file: 'clients/unpaid',
    titles: /^unpaid :: ninja 1\.13/,
    why: "make's own pool",
  },
  {
    file: 'clients/unpaid',
    titles: /^(unpaid :: by its path :: ninja 1\.13|run :: ninja 1\.13 by its path)/,
    why: 'it reads FIFOs alone, and without its adapter it says so',
  },
  {
    file: 'soak/storm',
    titles: /^soak :: without reclaim/,
    why: 'nothing is put back by us',
  },
]

/** The rows of a test file, by the path of the script that node runs. */
export function leftOutOf(script: string): LeftOut[] {
  const name = relative(fileURLToPath(new URL('.', import.meta.url)), script).replace(/\.test\.js$/, '')
  const own = process.env.JOBSHIM_TEST_POOL
  return leftOut.filter(({ file, way = own }) => file === name && way === own)
}
