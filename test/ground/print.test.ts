/** Whatever is printed goes through what makes it visible, or is named here with the reason. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repository } from '../support/workspace.js'

type Exception = { file: string; why: string }

/** Returns the files below a directory, by their paths, in which a line that is no comment matches. */
function filesWith(directory: string, suffix: string, pattern: RegExp): string[] {
  return readdirSync(join(repository, directory), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(suffix))
    .filter(name =>
      readFileSync(join(repository, directory, name), 'utf8')
        .split('\n')
        .some(line => !/^\s*(\/?\*|\/\/)/.test(line) && pattern.test(line)),
    )
    .map(name => join(directory, name))
    .sort()
}

const filesOf = (exceptions: readonly Exception[]): string[] => exceptions.map(({ file }) => file).sort()

const printsExactly: readonly Exception[] = [
  { file: 'src/commands/completion.ts', why: 'a script of ours, for a shell' },
  { file: 'src/commands/doctor.ts', why: 'columns are visible, and the states coloured' },
  { file: 'src/commands/env.ts', why: 'quoted for a shell' },
  { file: 'src/ground/print.ts', why: 'it is made here' },
]

test('print :: what is printed as it is', () => {
  assert.equal(filesWith('src', '.ts', /\bprintExact\b/), filesOf(printsExactly))
})

const writes: readonly Exception[] = [
  { file: 'src/commands/status.ts', why: '--watch --json: JSON' },
  { file: 'src/commands/timeline.ts', why: 'the picture itself' },
  { file: 'src/ground/print.ts', why: 'print()' },
  { file: 'src/ground/redraw.ts', why: 'frames of status --watch, which are visible' },
  { file: 'src/jobserver/fifo.ts', why: 'tokens' },
  { file: 'src/jobserver/ledger.ts', why: 'a file' },
  { file: 'src/timeline/write.ts', why: 'a file' },
]

test('print :: who else writes to a descriptor', () => {
  const pattern =
    /\bprocess\.(stdout|stderr)\.(write|end)\b|\bconsole\.|\bwriteSync\(|\bwriteFileSync\((0|1|2|process)|\blogUpdate\(/
  assert.equal(
    filesWith('src', '.ts', pattern).filter(name => !name.startsWith('src/timeline/page/')),
    filesOf(writes),
  )
})

const launcherPrints: readonly Exception[] = [
  { file: 'shims/ground/report.c', why: 'report()' },
  { file: 'shims/look/paying.c', why: 'one byte' },
  { file: 'shims/look/phases.c', why: 'numbers and words for jobshim run' },
  { file: 'shims/look/answer.c', why: 'words for our own programs' },
  { file: 'shims/look/bottomline.c', why: 'numbers and words of jobshim run' },
  { file: 'shims/look/bypass.c', why: 'names, made visible; words for our own programs' },
  { file: 'shims/look/poolcare.c', why: 'numbers' },
  { file: 'shims/look/prepare.c', why: 'numbers' },
  { file: 'shims/look/toolruns.c', why: 'words for our own programs' },
  { file: 'shims/look/tooluse.c', why: 'words for our own programs' },
]

test('print :: the launcher prints by report(), which makes it visible', () => {
  const pattern =
    /\b(printf|fprintf|dprintf|puts|fputs|putchar|fwrite|perror|psignal)\(|\bwrite(?:_whole)?\((STDERR|STDOUT|1|2|bottom)|\bSTDERR_FILENO, [^F]/
  assert.equal(filesWith('shims', '.c', pattern), filesOf(launcherPrints))
})

test.run()
