import type { ClientKey } from './clients.js'
import { link, objects, sources } from './sources.js'

/** A way to write a recipe; all build the same objects and `all.o`. */
export type RecipeForm = {
  name: string
  needs?: ClientKey
  files: Readonly<Record<string, string>>
  limit: 'make' | 'shims' // who keeps it below an outer `make -jN`
}

const rule = (recipe: string): string => `%.o: %.c\n\t${recipe}\n`
const joined = (how = '@'): string => `all.o: ${objects.join(' ')}\n\t${how}${link}\n`
const all = (how = '@'): string => `.PHONY: all\nall: all.o\n${joined(how)}`
const halves = [objects.slice(0, 5), objects.slice(5)].map(half => half.join(' '))
const pairs = sources
  .filter((_, index) => index % 2 === 0)
  .map((name, index) => [name, sources[index * 2 + 1] ?? name])

/** Compiles what it is told to in eight threads; a thread's child gets no fd of ours, as always in Python. */
export const threadPool = `import subprocess, sys
from multiprocessing.pool import ThreadPool

def compile(name):
    return subprocess.run(['cc', '-c', name + '.c', '-o', name + '.o'], close_fds=True).returncode

sys.exit(max(ThreadPool(8).map(compile, sys.argv[1:])))
`

/** The recipe forms that differ in what a compiler's ancestors and fds look like. */
export const recipeForms: readonly [RecipeForm, ...RecipeForm[]] = [
  {
    name: 'direct cc', // make starts it without a shell
    files: { Makefile: all() + rule('@cc -c $< -o $@') },
    limit: 'make',
  },
  {
    name: 'sh -c', // a shell waits above it
    files: { Makefile: all() + rule('@cc -c $< -o $@ && test -s $@') },
    limit: 'make',
  },
  {
    name: '+ recipes', // the jobserver's fds are open in it
    files: { Makefile: all('+@') + rule('+@cc -c $< -o $@') },
    limit: 'make',
  },
  {
    name: '$(MAKE) nested',
    files: {
      Makefile: `all: left right\n\t@${link}\nleft right:\n\t@$(MAKE) --no-print-directory -f $@.mk\n`,
      'left.mk': `left: ${halves[0]}\n${rule('@cc -c $< -o $@')}`,
      'right.mk': `right: ${halves[1]}\n${rule('@cc -c $< -o $@ && test -s $@')}`,
    },
    limit: 'make',
  },
  {
    name: 'cc & cc & wait', // two compilers in one job
    files: {
      Makefile: `all: ${pairs.map(([a]) => a).join(' ')}\n\t@${link}\n${pairs
        .map(([a, b]) => `${a}:\n\t@cc -c ${a}.c -o ${a}.o & cc -c ${b}.c -o ${b}.o & wait\n`)
        .join('')}`,
    },
    limit: 'shims',
  },
  {
    name: 'Python ThreadPool', // eight compilers in one job, and the jobserver's fds closed
    needs: 'python',
    files: {
      Makefile: `all: objects\n\t@${link}\nobjects:\n\t@python3 pool.py ${sources.join(' ')}\n`,
      'pool.py': threadPool,
    },
    limit: 'shims',
  },
  {
    name: 'make -j16 written into it', // a pool of its own
    files: {
      Makefile: `all:\n\t@make --no-print-directory -j16 all.o\n${joined()}${rule('@cc -c $< -o $@')}`,
    },
    limit: 'shims',
  },
  {
    name: '+$(MAKE) -j16', // the same, where the outer one's descriptors are open
    files: {
      Makefile: `all:\n\t+@$(MAKE) --no-print-directory -j16 all.o\n${joined()}${rule('@cc -c $< -o $@')}`,
    },
    limit: 'shims',
  },
]
