import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { findClient } from './clients.js'
import { scrubbed } from './jobshim.js'
import { copyFiles } from './workspace.js'

/** Programs that people have before their compilers, each in a directory of its own that has it under a compiler's name. */
export const companions = ['ccache', 'distcc', 'icecc'] as const
export type Companion = (typeof companions)[number]

/** Makes DIR/NAME/gcc, a link to the companion; returns DIR/NAME. */
export function makeMasquerade(directory: string, name: Companion): string {
  const place = join(directory, name)
  mkdirSync(place, { recursive: true })
  symlinkSync(join(findClient(name) ?? '', name), join(place, 'gcc'))
  return place
}

/** Eight C files. sort.c is none of them: gcc makes another object of it where it was preprocessed before. */
export const project = 'arena base64 buffer crc32 edit hash slice table'.split(' ')

export const copyProject = (directory: string): void => {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory)
  copyFiles('examples/rude-build/src', ['wordmill.h', ...project.map(name => `${name}.c`)], directory)
}

/** A script that starts all compilers of the project at once, each by these words. */
export const compileAll = (words: string): string =>
  `#!/bin/sh\n${project.map(name => `${words} -c ${name}.c -o ${name}.o &`).join('\n')}\nwait\n`

/**
 * A TCP port that was free a moment ago, from below the ports that Linux gives to outgoing connections (32768 and up):
 * one of those was taken by another test's connection before sccache's server came to listen.
 */
export const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const attempt = (): void => {
      const port = randomInt(10_000, 32_768)
      const server = createServer()
        .on('error', attempt)
        .listen(port, '127.0.0.1', () => server.close(() => resolve(port)))
    }
    attempt()
  })

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, host, () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })

export type Distccd = {
  host: string // as DISTCC_HOSTS has it
  compiled(): number // how many files it has compiled so far, by its log
  stop(): Promise<void>
}

/** Starts a distccd that serves this machine, on a port of its own. */
export async function startDistccd(address = '127.0.0.1'): Promise<Distccd> {
  const port = await freePort()
  const options = ['--daemon', '--no-detach', '--listen', address, '-p', String(port), '-j', '8']
  const daemon = spawn(
    join(findClient('distccd') ?? '', 'distccd'),
    [...options, '--allow', '127.0.0.0/8', '--log-stderr', '--log-level=info'],
    { env: scrubbed({ TMPDIR: '/tmp' }), stdio: ['ignore', 'ignore', 'pipe'] }, // it may run as another user
  )
  let log = ''
  daemon.stderr.setEncoding('utf8').on('data', text => {
    log += text
  })
  let over = false
  const end = new Promise<void>(resolve =>
    daemon.once('close', () => {
      over = true
      resolve()
    }),
  )
  for (let tries = 0; tries < 400 && !over && !(await answers(address, port)); tries++)
    await new Promise(resolve => setTimeout(resolve, 25))
  if (over) throw new Error(`distccd did not start: ${log}`)
  return {
    host: `${address}:${port}/8`,
    compiled: () => log.match(/COMPILE_OK/g)?.length ?? 0,
    async stop() {
      daemon.kill('SIGTERM')
      await end
    },
  }
}

/** What distcc is to find in the environment: its directory, and that it shall neither fall back nor rename gcc. */
export function distccEnvironment(directory: string, hosts: string): Record<string, string> {
  mkdirSync(directory, { recursive: true })
  return { DISTCC_DIR: directory, DISTCC_HOSTS: hosts, DISTCC_FALLBACK: '0', DISTCC_NO_REWRITE_CROSS: '1' }
}
