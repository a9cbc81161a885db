/** Packages whose builds ignore MAKEOPTS, each in a way of its own. */
import type { ClientKey } from '../support/clients.js'
import type { Package } from '../support/portage.js'

export const names = Array.from({ length: 10 }, (_, index) => `f${index}`)
const sources = Object.fromEntries(names.map(name => [`${name}.c`, `int ${name}(void) { return 0; }\n`]))
const objects = names.map(name => `${name}.o`)
const insertObjects = 'insinto /usr/share/$PN\ndoins *.o'

/** A package, and what its log says of tools that went past the shims: those are not counted. */
export type Misbehaving = Package & { needs?: ClientKey; past?: RegExp }

/** One is compiled for a second or so: seen by who looks five times a second. */
const slow = {
  ...sources,
  'f0.c': Array.from(
    { length: 900 },
    (_, index) => `int f0_${index}(int x) { return x / ${index + 3}; }\n`,
  ).join(''),
}

const crate = {
  ...sources,
  'Cargo.toml': '[package]\nname = "mill"\nversion = "0.1.0"\nedition = "2021"\nbuild = "build.rs"\n',
  'build.rs': `use std::process::Command;
fn main() {
    let all: Vec<_> = ${JSON.stringify(names)}.iter()
        .map(|n| Command::new("gcc").args(["-c", &format!("{n}.c")]).spawn().unwrap()).collect();
    for mut one in all { assert!(one.wait().unwrap().success()); }
}
`,
  'src/lib.rs': '',
}

/** Goes on until it is killed. */
export const endless: Package = {
  name: 'endless',
  files: sources,
  phases: {
    src_compile: `while :; do\n\t${names.map(name => `gcc -c ${name}.c &`).join('\n\t')}\n\twait\ndone`,
  },
}

export const packages: readonly Misbehaving[] = [
  {
    name: 'script',
    files: {
      ...sources,
      'build.sh': `#!/bin/sh\n${names.map(name => `gcc -c ${name}.c &`).join('\n')}\nwait\n`,
    },
    phases: { src_compile: './build.sh || die', src_install: insertObjects },
  },
  {
    name: 'make99',
    files: {
      ...sources,
      Makefile: `all:\n\t$(MAKE) -j99 objects\nobjects: ${objects.join(' ')}\n%.o: %.c\n\tgcc -c $<\n`,
    },
    phases: { src_compile: 'emake', src_install: insertObjects },
  },
  {
    name: 'ninja',
    needs: 'ninja113',
    files: {
      ...sources,
      'build.ninja': `rule cc\n  command = gcc -c $in\n${names.map(name => `build ${name}.o: cc ${name}.c\n`).join('')}`,
    },
    phases: { src_compile: 'ninja -j20 || die', src_install: insertObjects },
  },
  {
    name: 'scons',
    needs: 'scons',
    files: {
      ...sources,
      SConstruct: `import os\nSetOption('num_jobs', 20)\nenv = Environment(ENV=os.environ)\n[env.Object(name) for name in Glob('*.c')]\n`,
    },
    phases: { src_compile: 'scons -Q || die', src_install: insertObjects },
  },
  {
    name: 'setup',
    needs: 'python',
    files: {
      ...sources,
      'setup.py': [
        'import subprocess',
        'from concurrent.futures import ThreadPoolExecutor',
        `with ThreadPoolExecutor(20) as pool:`,
        `    list(pool.map(lambda name: subprocess.check_call(["gcc", "-c", name + ".c"]), ${JSON.stringify(names)}))`,
        '',
      ].join('\n'),
    },
    phases: { src_compile: 'python3 setup.py || die', src_install: insertObjects },
  },
  {
    name: 'cargo',
    needs: 'cargo',
    files: crate,
    phases: {
      src_compile: 'cargo build --quiet --offline -j20 || die',
      src_install: insertObjects,
    },
  },
  {
    name: 'path',
    files: {
      ...slow,
      Makefile: `export PATH = /usr/bin:/bin\nall: ${objects.join(' ')}\n%.o: %.c\n\tgcc -O2 -c $<\n`,
    },
    phases: { src_compile: 'make -j20 || die', src_install: insertObjects },
    past: /^jobshim: \/usr\/bin\/gcc went past the shims: its PATH is without the shims, by make$/m,
  },
  {
    name: 'absolute',
    files: { ...slow, Makefile: `all: ${objects.join(' ')}\n%.o: %.c\n\t/usr/bin/gcc -O2 -c $<\n` },
    phases: { src_compile: 'make -j20 || die', src_install: insertObjects },
    past: /^jobshim: \/usr\/bin\/gcc went past the shims: called by its path, by make$/m,
  },
]
