type Reason = { why: string; fix: string }

/**
 * Why a tool has no slot, and what mends it; `$DIR` stands for the shim dir. `look` tells a reason by its name, and people by its text
 * where it has nobody else to do that (portage/hook.bash).
 */
export const bypassReasons = {
  byPath: {
    why: 'called by its path',
    fix: 'call it by its name, or by the path of its shim',
  },
  notFirst: {
    why: 'the shims are not first on its PATH',
    fix: 'where PATH is changed, put the shim dir first: eval "$(jobshim env)"',
  },
  notOnPath: {
    why: 'its PATH is without the shims',
    fix: 'where PATH is set, put the shim dir first: eval "$(jobshim env)"',
  },
  noShim: {
    why: 'the shim dir has no shim for it',
    fix: 'with its directory on PATH, make one: jobshim install --dir $DIR',
  },
  part: {
    why: 'the program that started it went past the shims',
    fix: 'call that program by its name, or by the path of its shim; if it has none, name it in --tools of jobshim install',
  },
  noJobserver: {
    why: 'its shim could not use the jobserver',
    fix: 'let the program that starts it pass on the environment, and see the directory of the jobserver; JOBSHIM_DEBUG=1 tells what is wrong',
  },
  disabled: { why: 'JOBSHIM_DISABLE is set', fix: 'unset it' },
  overdraft: {
    why: 'its shim waited too long for a slot',
    fix: 'see jobshim status for who holds them, or raise patience in the config',
  },
  // In a sandbox no shim stands before a tool. So neither its name nor its PATH matters: whatever they are, this is all that is known.
  unseen: {
    why: 'the supervisor of the sandbox gave it no slot',
    fix: 'make sure that this user may read the program; docs/sandbox.md tells which other tools take no slot in a sandbox',
  },
  unseenPart: {
    why: 'the supervisor of the sandbox gave the program that started it no slot',
    fix: 'if that program is no tool by its name, make it one by a rule of the config: { program: PATH }',
  },
} as const satisfies Readonly<Record<string, Reason>>

export type BypassReason = keyof typeof bypassReasons

export const isBypassReason = (name: string): name is BypassReason => Object.hasOwn(bypassReasons, name)

/** Those for which a file that names the tool by its path is not to blame. */
export const pathless: ReadonlySet<BypassReason> = new Set(['noShim', 'unseen', 'unseenPart'])
