/**
 * Exit statuses that are ours and not a tool's, as `env`, `nice` and `timeout` have them.
 * Commands other than `run` and `exec` use `failed` and `usage`.
 */
export const exitCodes = {
  ok: 0,
  failed: 1, // the command did not do what was asked
  usage: 2, // the command line or the config is wrong
  jobshim: 125, // jobshim itself failed before the tool could start
  notExecutable: 126, // the real tool was found and can't be executed
  notFound: 127, // there is no real tool
} as const

/** What they mean, for people. */
export const exitTexts: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'success',
  failed: 'the command failed',
  usage: 'the command line or the config is wrong',
  jobshim: 'run, exec: jobshim itself failed before the tool could start',
  notExecutable: "run, exec, a shim: the real tool was found and can't be executed",
  notFound: 'run, exec, a shim: the real tool was not found',
}
