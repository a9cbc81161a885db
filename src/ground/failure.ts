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
  [`jobshim: ${message}`, ...[...details, hint].map(line => `  ${line}`)].map(visibleLine).join('\n')

/** Returns the `code` of a system error (`ENOENT`), or undefined for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
