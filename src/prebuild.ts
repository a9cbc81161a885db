/**
 * Makes prebuilt/, the launchers that a package comes with, one for each architecture: static, with musl, so that they run whatever libc is
 * there. Run by `npm pack`. An architecture for which there is no compiler is told, and left out: install builds a launcher there.
 */
import { spawnSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { print } from './ground/print.js'
import { launcherSources, prebuiltFor } from './shimdir/launcher.js'
import { lookBeside } from './shimdir/layout.js'

/** `arch`: by Node's name; `machine`: by that of compilers. */
type Target = { arch: string; machine: string }

const targets: readonly Target[] = [
  { arch: 'x64', machine: 'x86_64' },
  { arch: 'arm64', machine: 'aarch64' },
]

/** `pages`: what the Makefile tells the linker of pages; zig's knows none of it. */
type Compiler = { command: string; pages?: '' }

/** The best first: gcc makes the smaller ones. */
const compilersFor = ({ arch, machine }: Target): readonly Compiler[] => [
  ...(arch === process.arch ? [{ command: 'musl-gcc' }] : []),
  { command: `${machine}-linux-musl-gcc` },
  { command: `zig cc -target ${machine}-linux-musl`, pages: '' },
  { command: `python3 -m ziglang cc -target ${machine}-linux-musl`, pages: '' },
]

const isUsable = ({ command }: Compiler): boolean =>
  spawnSync('sh', ['-c', `echo 'int main(void) { return 0; }' | ${command} -static -x c -o /dev/null -`], {
    stdio: 'ignore',
  }).status === 0

/** Returns the line that tells what came of it. */
function prebuild(target: Target): { isBuilt: boolean; text: string } {
  const launcher = prebuiltFor(target.arch)
  rmSync(dirname(launcher), { recursive: true, force: true })
  const compiler = compilersFor(target).find(isUsable)
  const place = `prebuilt for linux-${target.arch}`
  if (compiler === undefined)
    return {
      isBuilt: false,
      text: `${place}: nothing, for want of a compiler with musl (pip install ziglang): there install needs make and a C compiler`,
    }
  const { command, pages } = compiler
  const { status } = spawnSync(
    'make',
    [
      ...['-s', '-B', '-C', launcherSources, `OUT=${launcher}`, `COMPILERS="${command} -static"`, 'EXTRA=-w'],
      ...(pages === undefined ? [] : [`PAGES=${pages}`]),
    ],
    { stdio: ['ignore', 2, 2] },
  )
  if (status !== 0) return { isBuilt: false, text: `${place}: nothing: ${command} fails` }
  const sizes = [launcher, lookBeside(launcher)].map(path => statSync(path).size.toLocaleString('en'))
  return {
    isBuilt: true,
    text: `${place}: launcher of ${sizes[0]} bytes, look of ${sizes[1]}, by ${command}`,
  }
}

const isRequired = process.argv.includes('--required') // before npm publish
for (const target of targets) {
  const { isBuilt, text } = prebuild(target)
  print(`${text}\n`, 2)
  if (isRequired && !isBuilt) process.exitCode = 1
}
