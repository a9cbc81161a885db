import { writeFiles } from './workspace.js'

/** The C files that drivers compile, without `.c`: a function each, since what is tested is who compiles them, and when. */
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

export const writeSources = (directory: string): void =>
  writeFiles(
    directory,
    Object.fromEntries(
      sources.map((name, index) => [`${name}.c`, `int ${name}(int x) { return x / ${index + 2}; }\n`]),
    ),
  )
