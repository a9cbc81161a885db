/**
 * Why a tool has no slot, and what mends it; `$DIR` stands for the shim dir. `look` tells a reason by its name, and people by its text
 * where it has nobody else to do that (portage/hook.bash).
 */
export const bypassReasons = {
  byPath: { why: 'called by its path', fix: 'have it called by its name, or by the path of its shim' },
  notFirst: {
    why: 'the shims are not first on its PATH',
    fix: 'have what changes PATH put the shim dir first: eval "$(jobshim env)"',
  },
  notOnPath: {
    why: 'its PATH is without the shims',
    fix: 'have what sets PATH put the shim dir first: eval "$(jobshim env)"',
  },
  noShim: {
    why: 'the shim dir has no shim for it',
    fix: 'make one: jobshim install --dir $DIR',
  },
  part: {
    why: 'what has started it went past the shims',
    fix: 'have that one called by its name, or by the path of its shim; if it has none, name it in --tools of jobshim install',
  },
  noJobserver: {
    why: 'its shim could not use the jobserver',
    fix: 'let what starts it see the directory of the jobserver; JOBSHIM_DEBUG=1 tells what is wrong',
  },
  disabled: { why: 'JOBSHIM_DISABLE is set', fix: 'unset it' },
  overdraft: {
    why: 'its shim found no slot for too long',
    fix: 'see jobshim status for who holds them, or raise patience in the config',
  },
} as const satisfies Readonly<Record<string, { why: string; fix: string }>>

export type BypassReason = keyof typeof bypassReasons

export const isBypassReason = (name: string): name is BypassReason => Object.hasOwn(bypassReasons, name)
