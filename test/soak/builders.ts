import type { ClientKey } from '../support/clients.js'
import { objects, sources } from '../support/sources.js'

/** A kind of build that shares the pool. */
export type Builder = {
  name: string
  needs: readonly ClientKey[]
  files: Readonly<Record<string, string>>
  command: readonly string[]
}

const rules = `all: ${objects.join(' ')}\n%.o: %.c\n\t@`
const plain = `${rules}cc -c $< -o $@\n`
const below = `${rules}: ; cc -c $< -o $@\n`
const ninjaFile = `rule cc\n  command = cc -c $in -o $out\n${sources.map(name => `build ${name}.o: cc ${name}.c\n`).join('')}`

const fanOut = `import subprocess
from multiprocessing.pool import ThreadPool
names = ${JSON.stringify(sources)}
ThreadPool(8).map(lambda n: subprocess.run(['cc', '-c', n + '.c', '-o', n + '.o'], close_fds=True), names)
`

const crate = {
  'Cargo.toml': '[package]\nname = "mill"\nversion = "0.1.0"\nedition = "2021"\nbuild = "build.rs"\n',
  'build.rs': `use std::process::Command;
fn main() {
    let out = std::env::var("OUT_DIR").unwrap();
    let all: Vec<_> = ${JSON.stringify(sources)}.iter()
        .map(|n| Command::new("cc").args(["-c", &format!("{n}.c"), "-o", &format!("{out}/{n}.o")]).spawn().unwrap()).collect();
    for mut one in all { one.wait().unwrap(); }
}
`,
  'src/main.rs': 'fn main() {}\n',
}

export const builders: readonly Builder[] = [
  { name: 'make 4.3', needs: ['make43'], files: { Makefile: plain }, command: ['make', '-s'] },
  { name: 'make 4.4', needs: ['make44'], files: { Makefile: below }, command: ['make', '-s'] },
  {
    name: 'ninja 1.11',
    needs: ['ninja111'],
    files: { 'build.ninja': ninjaFile },
    command: ['ninja', '--quiet'],
  },
  {
    name: 'ninja 1.13',
    needs: ['ninja113'],
    files: { 'build.ninja': ninjaFile },
    command: ['ninja', '--quiet'],
  },
  { name: 'cargo', needs: ['cargo'], files: crate, command: ['cargo', 'build', '--quiet', '--offline'] },
  { name: 'python', needs: ['python'], files: { 'fan.py': fanOut }, command: ['python3', 'fan.py'] },
]
