/**
 * THE table of environment variables that are jobshim's own. `shims/contract.h` has their names, the man page their
 * texts; README's list is held against it.
 */

type VariableRow = {
  name: string
  value?: string // what people set it to
  text: string // one line for people
  internal?: string // why people are not told to set it
}

export const environmentRows = {
  jobserver: {
    name: 'JOBSHIM_JOBSERVER',
    value: 'AUTH',
    text: 'fifo:PATH or R,W: the pool to use, whatever MAKEFLAGS says; set by jobshim run',
  },
  job: {
    name: 'JOBSHIM_JOB',
    value: 'NAME',
    text: 'tools without a client above them share one slot for each NAME',
  },
  disable: { name: 'JOBSHIM_DISABLE', value: '1', text: 'every shim runs its tool without a slot' },
  noJobserver: {
    name: 'JOBSHIM_NO_JOBSERVER',
    value: 'pass|error|machine',
    text: 'as noJobserver: what a shim does without a usable jobserver',
  },
  patience: {
    name: 'JOBSHIM_PATIENCE',
    value: 'SECONDS',
    text: 'as patience: after so long without any progress a waiting tool runs without a slot; 0: for ever',
  },
  priority: {
    name: 'JOBSHIM_PRIORITY',
    value: 'low|normal',
    text: 'as priority: low: tools leave slots to all others that wait, for at most a minute; set by jobshim run --low',
  },
  debug: {
    name: 'JOBSHIM_DEBUG',
    value: '1',
    text: 'one line on stderr that says why a tool is not governed',
  },
  log: {
    name: 'JOBSHIM_LOG',
    value: 'FILE',
    text: 'absolute path of the file to which these lines, errors and warnings are appended, each with its time and pid',
  },
  hops: {
    name: 'JOBSHIM_HOPS',
    text: 'how many launchers stand above this process',
    internal: 'launchers count by it, to notice when they call each other for ever',
  },
  outer: {
    name: 'JOBSHIM_OUTER',
    text: 'the pool that an adapter above has found',
    internal: 'adapters set it: it counts below a make -jN that names a pool of its own in MAKEFLAGS',
  },
  tree: {
    name: 'JOBSHIM_TREE',
    text: 'the mount namespace and the root in which the pool was named',
    internal: 'jobshim run sets it: elsewhere a pool that is not found may be hidden',
  },
  run: {
    name: 'JOBSHIM_RUN',
    text: 'the jobshim run that this process is below, in a pool that others use, too',
    internal: 'jobshim run sets it: if it is interrupted, it ends what waits below it, and nothing else',
  },
  client: {
    name: 'JOBSHIM_CLIENT',
    text: 'the make, ninja or cargo in whose slots this process runs',
    internal: 'shims set it for the clients that they start, and read it where /proc does not tell',
  },
  engine: {
    name: 'JOBSHIM_ENGINE',
    value: 'PROGRAM',
    text: 'as engine: program in front of gcc, clang and gfortran, such as distcc; empty: none; older name: JOBSHIM_LAUNCHER',
  },
  launcher: {
    name: 'JOBSHIM_LAUNCHER',
    text: 'as JOBSHIM_ENGINE, which wins',
    internal: 'its older name',
  },
  dir: { name: 'JOBSHIM_DIR', value: 'DIR', text: 'the shim dir' },
  rules: {
    name: 'JOBSHIM_RULES',
    value: 'FILE',
    text: "the rules, in place of the shim dir's; set by jobshim run if its config has some",
  },
  package: {
    name: 'JOBSHIM_PACKAGE',
    value: 'CAT/PN',
    text: "the package that is built, for rules; default: Portage's CATEGORY and PN",
  },
  journal: {
    name: 'JOBSHIM_JOURNAL',
    value: 'FILE',
    text: 'absolute path of the file to which each tool run appends a line; set by jobshim run --journal',
  },
  sandbox: {
    name: 'JOBSHIM_SANDBOX',
    value: '0|1|auto',
    text: 'as sandbox: below jobshim run every tool takes a slot, however it is called; 1, 0, or auto: if it can be had',
  },
  join: {
    name: 'JOBSHIM_JOIN',
    value: '0|1',
    text: "as join: 1: drop the -jN of a build's own calls of make and the like, so that they join; 0: keep it",
  },
} as const satisfies Readonly<Record<string, VariableRow>>

type Names = { readonly [Key in keyof typeof environmentRows]: (typeof environmentRows)[Key]['name'] }

/** The variables' names by their keys. */
export const environment = Object.fromEntries(
  Object.entries(environmentRows).map(([key, { name }]) => [key, name]),
) as Names

/** Returns the variables that people may set. */
export const publicVariables = (): VariableRow[] =>
  Object.values<VariableRow>(environmentRows).filter(({ internal }) => internal === undefined)
