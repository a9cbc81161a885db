/** The temporary directory in which everything is measured, and the ways to start programs there. */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'jobshim-bench-'))
export const inScratch = (name: string): string => join(scratch, name)
export const shims = inScratch('shims')
export const launcher = join(shims, '.jobshim/launcher')
export const spawn = inScratch('spawn')
export const jobshim = [process.execPath, join(root, 'bin/jobshim.js')]

export const plainPath = `${inScratch('tools')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`
const shimPath = `${shims}:${plainPath}`
export const environment = (path: string): NodeJS.ProcessEnv => ({
  PATH: path,
  HOME: scratch,
  JOBSHIM_DIR: shims,
  XDG_RUNTIME_DIR: inScratch('state'),
})

/** Runs a program with an environment of its own, PATH being path; returns its stdout, throws where it fails. */
export function run(
  command: readonly string[],
  path = shimPath,
  cwd = scratch,
  stderr: 'inherit' | 'ignore' = 'inherit',
): string {
  const [program = '', ...args] = command
  return execFileSync(program, args, {
    cwd,
    env: environment(path),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', stderr],
  })
}

export function prepare(): void {
  for (const name of ['tools', 'state', 'dash', 'bash', 'src']) mkdirSync(inScratch(name), { mode: 0o700 })
  writeFileSync(
    inScratch('tiny-true.c'),
    '#include <unistd.h>\n' +
      "int main(int argc, char **argv) { return argc < 2 ? 0 : *argv[1] == 'n' ? usleep(5000) : pause(); }\n",
  )
  writeFileSync(inScratch('tiny.c'), 'int tiny(int n) { return n + 1; }\n')
  run(['cc', '-Os', '-s', '-static', '-o', inScratch('tools/static-true'), 'tiny-true.c'], plainPath)
  run(['cc', '-O2', '-o', spawn, join(root, 'bench/spawn.c')], plainPath)
  installTools(shims)
}

export function installTools(directory: string, by: readonly string[] = jobshim): void {
  run([...by, 'install', '--no-config', '--dir', directory, '--tools', 'gcc,true,static-true'])
}

/** Builds a launcher with that compiler, and returns its file. */
export function makeLauncher(compiler: string): string {
  const file = inScratch(`launcher of ${compiler}`.replaceAll(' ', '-'))
  run(['make', '-s', '-C', join(root, 'shims'), `OUT=${file}`, `COMPILERS="${compiler}"`, file], plainPath)
  return file
}

/** A `jobshim` with another launcher and `look`, and its shims. */
export type Door = { name: string; jobshim: readonly string[]; shims: string }

/** Copies the package. Its C is built by that compiler, or is what lies in that directory. */
export function makeDoor(name: string, of: { compiler: string } | { built: string }): Door {
  const home = inScratch(`jobshim-${name}`) // make takes no blank in it
  for (const part of ['bin', 'dist', 'package.json', 'shims'])
    cpSync(join(root, part), join(home, part), { recursive: true, preserveTimestamps: true })
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'))
  rmSync(join(home, 'shims/build'), { recursive: true, force: true })
  if ('built' in of) cpSync(of.built, join(home, 'shims/build'), { recursive: true })
  else run(['make', '-s', '-C', join(home, 'shims'), `COMPILERS="${of.compiler}"`], plainPath)
  const door = {
    name,
    jobshim: [process.execPath, join(home, 'bin/jobshim.js')],
    shims: inScratch(`shims of ${name}`),
  }
  installTools(door.shims, door.jobshim)
  return door
}

/** Has another launcher stand behind these shims. One that is too old to make a file for each was what all of them led to. */
export function standIn(directory: string, other: string): void {
  const place = join(directory, '.jobshim/launcher')
  copyFileSync(other, `${place}.new`)
  renameSync(`${place}.new`, place)
  if (readFileSync(place).includes('.jobshim/bin/')) {
    run([join(directory, '.jobshim/look'), 'freshen'], plainPath)
    return
  }
  for (const name of readdirSync(directory).filter(name => !name.startsWith('.'))) {
    rmSync(join(directory, name))
    symlinkSync('.jobshim/launcher', join(directory, name))
  }
}

export const whereIs = (tool: string): string => run(['which', tool], plainPath).trim()

export const remove = (): void => rmSync(scratch, { recursive: true, force: true })
