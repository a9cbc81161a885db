/** The package as `npm pack` makes it, and a root in which there is no more than Node, npm and a shell. */
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { type Outcome, run, scrubbed } from '../support/jobshim.js'
import { makeWorkspace, repository } from '../support/workspace.js'

type Manifest = { files: readonly string[] }

/** `told`: what the making of the launchers has said, line by line. */
export type Packed = { tarball: string; told: readonly string[] }

/** Packs this clone, from a copy: whatever else uses the clone meanwhile finds it as it is. `path` is where compilers are looked for first. */
export async function pack(path: readonly string[]): Promise<Packed> {
  const copy = join(makeWorkspace('packing'), 'jobshim')
  const { files } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest
  const shipped = files.filter(name => !name.startsWith('!') && name !== 'prebuilt')
  for (const name of [...shipped, 'dist/src', 'package.json'])
    cpSync(join(repository, name), join(copy, name), { recursive: true })
  const env = { PATH: [...path, process.env.PATH].join(':') }
  // zig compiles musl first, and npm's cache and zig's may be empty.
  const around = { env, hangSeconds: 900 }
  const { status, stderr } = await run(process.execPath, [join(copy, 'dist/src/prebuild.js')], around)
  if (status !== 0) throw new Error(stderr)
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent'], { cwd: copy, env: scrubbed() })
  const [name = ''] = readdirSync(copy).filter(file => file.endsWith('.tgz'))
  return { tarball: join(copy, name), told: stderr.trimEnd().split('\n') }
}

/** How the root's shell calls npm. */
export const npm = 'node /usr/lib/node_modules/npm/bin/npm-cli.js'

/** Every path below a directory, but those of what is mounted there. */
export const pathsIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()

/** The bytes of a file, or of all files below a directory. */
export function sizeOf(path: string): number {
  const stats = lstatSync(path)
  if (!stats.isDirectory()) return stats.size
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** What the root has besides: no compiler, no make, no git. */
const programs = ['sh', 'cat', 'env', 'mkdir', 'readlink', 'rm', 'sleep', 'true']

const whereIs = (name: string): string =>
  realpathSync(
    (process.env.PATH ?? '')
      .split(delimiter)
      .map(directory => join(directory, name))
      .find(existsSync) ?? name,
  )

/** The files that the loader puts beside a program; ldd tells them, one a line. */
const librariesOf = (program: string): string[] =>
  [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map(
    ([, path = '']) => path,
  )

export type Root = {
  path: string // of the directory that is `/` in there
  call: (line: string) => Promise<Outcome> // by its shell
}

/** Makes a root, in which user `uid` has a home, and `tarball` is there as /jobshim.tgz. */
export function makeRoot(tarball: string, uid = 1000): Root {
  const path = makeWorkspace('root')
  for (const name of ['home/user', 'tmp', 'dev', 'proc', 'usr/bin', 'usr/lib/node_modules'])
    mkdirSync(join(path, name), { recursive: true })
  symlinkSync('usr/bin', join(path, 'bin'))
  cpSync(tarball, join(path, 'jobshim.tgz'))
  for (const name of programs) cpSync(whereIs(name), join(path, 'usr/bin', name))
  cpSync(process.execPath, join(path, 'usr/bin/node'))
  const libraries = new Set([...programs.map(whereIs), process.execPath].flatMap(librariesOf))
  for (const library of libraries) {
    mkdirSync(join(path, dirname(library)), { recursive: true })
    cpSync(realpathSync(library), join(path, library))
  }
  const npm = dirname(dirname(whereIs('npm')))
  const around = [
    ...['--bind', path, '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    ...['--ro-bind', npm, '/usr/lib/node_modules/npm', '--unshare-all', '--die-with-parent'],
    ...['--uid', String(uid), '--gid', String(uid), '--clearenv', '--chdir', '/home/user'],
    ...['--setenv', 'HOME', '/home/user', '--setenv', 'npm_config_cache', '/tmp/npm'],
    ...['--setenv', 'PATH', '/home/user/npm/bin:/home/user/tools:/usr/bin'],
    ...['--setenv', 'npm_config_update_notifier', 'false', '--setenv', 'npm_config_fund', 'false'],
  ]
  return { path, call: line => run('bwrap', [...around, '/usr/bin/sh', '-c', line]) }
}
