/** What the launcher is told before a tool, or in place of one. */
export const launcherOptions = {
  token: '--token', // TOOL ARGS: take a token for it, as a client of the jobserver
} as const
