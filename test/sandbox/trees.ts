/** Trees of ten C files that are configured with a compiler by its path, as if jobshim had come later. */
import type { ClientKey } from '../support/clients.js'
import { objects, sources } from '../support/sources.js'

export type Tree = {
  name: string
  needs: readonly ClientKey[]
  files: Readonly<Record<string, string>> // beside the C files
  configure: (flag: string) => string // for sh; flag: of each compile
  build: string // with more jobs than there are slots
  compiles: number
  links: number
  outputs: RegExp
}

const gcc = '/usr/bin/gcc'

const cmake = {
  files: {
    'CMakeLists.txt': `cmake_minimum_required(VERSION 3.13)
project(words C)
add_library(words SHARED ${sources.map(name => `${name}.c`).join(' ')})
`,
  },
  configure: (generator: string) => (flag: string) =>
    `cmake -S . -B build -G "${generator}" -DCMAKE_C_COMPILER=${gcc} -DCMAKE_C_FLAGS=${flag}`,
  compiles: sources.length,
  links: 1,
  outputs: /words\.dir\/.*\.o$|\.so$/,
} as const

/** Written by hand what automake would write: only libtool calls the compiler. */
const libtoolMakefile = `CC = @CC@
CFLAGS = @flag@
LIBTOOL = @LIBTOOL@
top_builddir = .
libwords.la: ${sources.map(name => `${name}.lo`).join(' ')}
	$(LIBTOOL) --tag=CC --mode=link $(CC) -o $@ -rpath /nowhere $^
%.lo: %.c
	$(LIBTOOL) --tag=CC --mode=compile $(CC) $(CFLAGS) -c $< -o $@
`

const macros = ['libtool', 'ltoptions', 'ltsugar', 'ltversion', 'lt~obsolete']

const setup = `from setuptools import Extension, setup

setup(name="words", version="1", ext_modules=[Extension(name, [name + ".c"]) for name in "${sources.join(' ')}".split()])
`

export const trees: readonly Tree[] = [
  {
    ...cmake,
    name: 'CMake and make',
    needs: ['gcc', 'cmake', 'make43'],
    configure: cmake.configure('Unix Makefiles'),
    build: 'make -C build -j8',
  },
  {
    ...cmake,
    name: 'CMake and ninja',
    needs: ['gcc', 'cmake', 'ninja'],
    configure: cmake.configure('Ninja'),
    build: 'ninja -C build -j8',
  },
  {
    name: 'autoconf and libtool',
    needs: ['gcc', 'autoconf', 'libtoolize', 'make43'],
    files: {
      'configure.ac': `AC_INIT([words], [1])
AC_PROG_CC
LT_INIT([disable-static])
AC_SUBST([flag])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
`,
      'Makefile.in': libtoolMakefile,
    },
    configure:
      flag => `(cd /usr/share/aclocal && cat ${macros.map(name => `${name}.m4`).join(' ')}) >aclocal.m4
(cd /usr/share/libtool/build-aux && exec cp config.guess config.sub install-sh ltmain.sh "$OLDPWD")
autoconf && ./configure CC=${gcc} flag=${flag}`,
    build: 'make -j8',
    compiles: sources.length,
    links: 1,
    outputs: /\.o$|\.so\.[0-9.]+$/,
  },
  {
    name: 'MakeMaker and XS',
    needs: ['gcc', 'perl', 'make43'],
    files: {
      'Makefile.PL': `use ExtUtils::MakeMaker;
WriteMakefile(NAME => 'Words', VERSION => '1', OBJECT => 'Words.o ${objects.join(' ')}');
`,
      'Words.xs': `#include "EXTERN.h"
#include "perl.h"
#include "XSUB.h"

int words(int x);

MODULE = Words  PACKAGE = Words

int
words(x)
    int x
`,
      'lib/Words.pm': 'package Words;\n1;\n',
    },
    configure: flag => `perl Makefile.PL CC=${gcc} LD=${gcc} OPTIMIZE="-O0 ${flag}"`,
    build: 'make -j8',
    compiles: sources.length + 1,
    links: 1,
    outputs: /\.o$|\.so$/,
  },
  {
    name: 'setup.py',
    needs: ['gcc', 'python'],
    files: { 'setup.py': setup },
    // It has no step before the build: what a distribution's sysconfig tells stands in these variables.
    configure: flag => `cat >build.sh <<END
CC='${gcc} ${flag}' LDSHARED='${gcc} -shared' exec /usr/bin/python3 setup.py build_ext -j8
END`,
    build: 'sh build.sh',
    compiles: sources.length,
    links: sources.length,
    outputs: /\.o$|\.so$/,
  },
]
