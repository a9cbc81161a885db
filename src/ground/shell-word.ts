/** Texts as words of a command line. */

const isPlain = (text: string): boolean => /^[\w@%+=:,./-]+$/.test(text)

/** Returns the text in quotes, for sh, bash and zsh. */
export const quotedForSh = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Returns the text in quotes, for fish. */
export const quotedForFish = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

/** Returns the text as one word of sh, bash and zsh: as it is where they all take it so. */
export const shWord = (text: string): string => (isPlain(text) ? text : quotedForSh(text))

/** Returns the text as one word of fish, likewise. */
export const fishWord = (text: string): string => (isPlain(text) ? text : quotedForFish(text))
