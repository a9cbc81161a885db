/** The environment variables that jobshim reads or sets; `shims/contract.h` has the same names. */
export const environment = {
  jobserver: 'JOBSHIM_JOBSERVER', // the pool of `jobshim run`; wins over MAKEFLAGS
  job: 'JOBSHIM_JOB', // names the root slot where no client is on the chain of ancestors
  disable: 'JOBSHIM_DISABLE', // 1: every shim runs its tool at once
  noJobserver: 'JOBSHIM_NO_JOBSERVER', // policy where no jobserver can be used: pass | error
  patience: 'JOBSHIM_PATIENCE', // seconds to wait on an idle machine before a run without a token; 0 = for ever
  debug: 'JOBSHIM_DEBUG', // 1: say on stderr why a tool is not governed
  hops: 'JOBSHIM_HOPS', // how many launchers stand above this process
  launcher: 'JOBSHIM_LAUNCHER', // distcc, icecc, ccache: what runs the compilers; empty: nothing
  dir: 'JOBSHIM_DIR', // the shim dir
  rules: 'JOBSHIM_RULES', // the file that says what tool runs may cost, in place of the shim dir's
  package: 'JOBSHIM_PACKAGE', // CATEGORY/NAME, for rules about it; else that of the environment's CATEGORY and PN
  join: 'JOBSHIM_JOIN', // 1: a client's own -jN below our pool is dropped, so that it joins; 0: it is not
} as const
