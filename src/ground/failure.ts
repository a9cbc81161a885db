/** What is thrown for people: printed as two lines or more, without a stack. Everything else keeps its stack. */
import { exitCodes } from './exit-codes.js'
import { visibleLine } from './visible.js'

export class Failure extends Error {
  override name = 'Failure'

  // What is loaded apart has a copy of this class of its own (src/bundle.ts).
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'Failure'
  }

  /**
   * @param message what, and where or why, without `jobshim: ` before it
   * @param hint what to do
   * @param code exit status
   * @param details a line each, between the two
   */
  constructor(
    message: string,
    readonly hint: string,
    readonly code: number = exitCodes.failed,
    readonly details: readonly string[] = [],
  ) {
    super(message)
  }
}

/** Returns the lines for stderr, without a newline at the end. */
export const renderFailure = ({ message, hint, details }: Failure): string =>
  [`jobshim: ${message}`, ...[...details, limitHint(message) ?? hint].map(line => `  ${line}`)]
    .map(visibleLine)
    .join('\n')

/** What is to be done if a limit of the process is in the way (setrlimit(2)), whatever it was that met it. */
const limitHints: Readonly<Record<string, string>> = {
  EFBIG: 'call it from a shell with a higher limit for the size of files: ulimit -f unlimited',
  EMFILE: 'call it from a shell with a higher limit for open files: ulimit -n 256',
}

function limitHint(message: string): string | undefined {
  const [, code = ''] = /\b(E[A-Z]+)\)?$/.exec(message) ?? []
  return Object.hasOwn(limitHints, code) ? limitHints[code] : undefined
}

/** Returns the `code` of a system error (`ENOENT`), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
