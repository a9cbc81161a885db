import { copyFiles } from './workspace.js'

/** The C files that drivers compile, without `.c`: small ones out of examples/rude-build. */
export const sources = [
  'ascii',
  'buffer',
  'edit',
  'frequency',
  'hash',
  'lines',
  'search',
  'slice',
  'utf8',
  'words',
]

export const objects = sources.map(name => `${name}.o`)

/** Command lines of the shell that compile one source each. */
export const compiles = sources.map(name => `cc -c ${name}.c -o ${name}.o`)

/** Joins all objects, so that a driver has something that waits for all the rest. */
export const link = `cc -r -nostdlib -o all.o ${objects.join(' ')}`

export const copySources = (directory: string): void =>
  copyFiles('examples/rude-build/src', ['wordmill.h', ...sources.map(name => `${name}.c`)], directory)
