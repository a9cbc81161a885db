/** Names that our processes go by (/proc/PID/comm). */
export const processNames = {
  command: 'jobshim', // what `jobshim run` and `doctor` call themselves, for people
  starter: 'jobshim-start', // the child of `run` and `exec` that has their command as its child (shims/look/starter.c)
} as const
