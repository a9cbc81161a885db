/** What an address may lead to, handed on to a command as descriptors 3 and 4; see address.py. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeWorkspace, repository } from './workspace.js'

export type Handed = {
  words: string[] // what stands before the command
  left(): string // what is in it at the end, and how many bytes a server behind a socket was given back
}

/** `kind`: one of address.py, or a file's path. */
export function handOn(kind: string, tokens = 2): Handed {
  const report = join(makeWorkspace(), 'left')
  return {
    words: ['python3', join(repository, 'test/support/address.py'), kind, String(tokens), report],
    left: () => readFileSync(report, 'utf8'),
  }
}
