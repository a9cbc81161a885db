/**
 * Patterns of absolute paths: a `*` stands for any text without a slash, `**` in place of a directory for any number of them. Nothing else
 * is a sign, so that the supervisor can match them in a few lines of C (shims/rules/pattern.c), and what other tools would read as one
 * is refused. Pure.
 */

const segment = /^(?:\*\*|(?:[^*/?[\]{}()!\\\p{Cc}]|\*(?!\*))+)$/u

/** Returns whether a text is such a pattern: it begins with a slash, or with any number of directories. */
export function isPathPattern(text: string): boolean {
  const [first, ...rest] = text.split('/')
  return (first === '' || first === '**') && rest.length > 0 && rest.every(part => segment.test(part))
}

/** Returns a pattern as the supervisor reads it: there a `**` stands before a slash. */
export const supervisorPattern = (pattern: string): string => pattern.replace(/\/\*\*$/, '/**/*')
