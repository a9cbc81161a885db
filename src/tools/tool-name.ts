/** Names that a tool may have: a plain file name, not hidden, not an option. */
export const toolName = /^\w[\w.+-]{0,200}$/

/** Returns true for a name that a tool, and so a shim, may have. */
export const isToolName = (name: string): boolean => toolName.test(name)
