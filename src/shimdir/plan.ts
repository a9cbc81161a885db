/** What has to be done to a shim dir. Pure: what is wanted and what is there go in, actions come out. */

/** A shim that should be there, and the text of its file for the launcher (empty = no file). */
export type WantedShim = { name: string; toolFile: string }

/** What stands under a name in the shim dir. */
export type Entry =
  | { kind: 'nothing' }
  | { kind: 'shim' } // a symlink that says `.jobshim/bin/NAME`
  | { kind: 'old shim' } // one that says `.jobshim/launcher`, as older versions have it
  | { kind: 'foreign' } // anything else

export const isOurs = ({ kind }: Entry): boolean => kind === 'shim' || kind === 'old shim'

export type Found = {
  known: readonly string[] // names in the manifest
  pending: readonly string[] // those of them that an install has begun to make, and not ended
  madeByThisVersion: boolean // by what the manifest says
  entry: (name: string) => Entry
  hasFile: (name: string) => boolean // what its shim leads to is there
  toolFile: (name: string) => string // its text; empty = no file
  wanted: string | undefined // the text of the file of what is wanted; undefined = no file
  rules: string | undefined // and of rules
  hasCosts: boolean // the directory for them
  launcher: 'current' | 'other' | 'missing' // with look
}

export type Action =
  | { kind: 'write manifest'; names: readonly string[]; pending?: readonly string[] }
  | { kind: 'write tool file'; name: string; text: string }
  | { kind: 'remove tool file'; name: string }
  | { kind: 'write wanted'; text: string }
  | { kind: 'remove wanted' }
  | { kind: 'write rules'; text: string }
  | { kind: 'remove rules' }
  | { kind: 'make costs' }
  | { kind: 'remove costs' }
  | { kind: 'copy launcher' } // and look
  | { kind: 'fill files' } // what the shims lead to
  | { kind: 'remove file'; name: string }
  | { kind: 'add link'; name: string }
  | { kind: 'renew link'; name: string }
  | { kind: 'remove link'; name: string }

/** The texts of the files beside those of tools. */
export type OtherTexts = { wish: string; rules: string } // no rules: empty = no file

export type InstallPlan =
  | { kind: 'blocked'; by: readonly string[] } // names that foreign files have
  | {
      kind: 'ready'
      actions: readonly Action[]
      added: readonly string[]
      removed: readonly string[]
      kept: readonly string[]
      leftAlone: readonly string[] // names we once had, and that are foreign now
    }

/**
 * Returns what makes the shim dir hold exactly the wanted shims, and every foreign file as it is. Rules are there for as long as a
 * file names them.
 */
export function planInstall(
  wanted: readonly WantedShim[],
  { wish, rules }: OtherTexts,
  found: Found,
): InstallPlan {
  const names = wanted.map(({ name }) => name)
  const by = names.filter(name => found.entry(name).kind === 'foreign')
  if (by.length > 0) return { kind: 'blocked', by }

  const surplus = found.known.filter(name => !names.includes(name))
  const added = names.filter(name => found.entry(name).kind === 'nothing')
  const removed = surplus.filter(name => isOurs(found.entry(name)))
  const staleFiles = surplus.filter(name => found.toolFile(name) !== '')
  const changedFiles = wanted.filter(({ name, toolFile }) => found.toolFile(name) !== toolFile)
  const fresh = names.filter(name => !found.known.includes(name))
  const union = [...found.known, ...fresh]

  const actions: Action[] = [
    ...(fresh.length > 0 ? [beginning(union, [...found.pending, ...fresh])] : []),
    ...(found.launcher === 'current' ? [] : [{ kind: 'copy launcher' } as const]),
    ...makeCosts(found),
    ...(rules === '' || rules === found.rules ? [] : [{ kind: 'write rules', text: rules } as const]),
    ...(wish === found.wanted ? [] : [{ kind: 'write wanted', text: wish } as const]),
    ...changedFiles.map(
      ({ name, toolFile: text }): Action =>
        text === '' ? { kind: 'remove tool file', name } : { kind: 'write tool file', name, text },
    ),
    ...(names.length > 0 ? [{ kind: 'fill files' } as const] : []),
    ...renewLinks(names, found),
    ...added.map((name): Action => ({ kind: 'add link', name })),
    ...removed.map((name): Action => ({ kind: 'remove link', name })),
    ...removeFiles(surplus, found),
    ...staleFiles.map((name): Action => ({ kind: 'remove tool file', name })),
    ...(rules === '' ? removeRules(found) : []),
    ...(surplus.length + fresh.length + found.pending.length > 0 || !found.madeByThisVersion
      ? [{ kind: 'write manifest', names } as const]
      : []),
  ]
  return {
    kind: 'ready',
    actions,
    added,
    removed,
    kept: names.filter(name => !added.includes(name)),
    leftAlone: surplus.filter(name => found.entry(name).kind === 'foreign'),
  }
}

/** The manifest before what it tells is there: of an install that is killed, or has no room, the next one knows what it had begun. */
const beginning = (names: readonly string[], pending: readonly string[]): Action => ({
  kind: 'write manifest',
  names,
  pending,
})

const makeCosts = ({ hasCosts }: Found): Action[] => (hasCosts ? [] : [{ kind: 'make costs' }])

const removeRules = ({ rules }: Found): Action[] => (rules === undefined ? [] : [{ kind: 'remove rules' }])

const renewLinks = (names: readonly string[], found: Found): Action[] =>
  names.filter(name => found.entry(name).kind === 'old shim').map(name => ({ kind: 'renew link', name }))

const removeFiles = (names: readonly string[], found: Found): Action[] =>
  names.filter(found.hasFile).map(name => ({ kind: 'remove file', name }))

export type AdditionPlan = { actions: readonly Action[]; added: readonly string[] }

/** Returns what adds shims to those that are there. What is foreign stays, and the shim of its name is not made. */
export function planAdditions(lacking: readonly WantedShim[], found: Found): AdditionPlan {
  const whole = wholeNames(found)
  const shims = lacking.filter(({ name }) => !whole.includes(name) && found.entry(name).kind !== 'foreign')
  const added = shims.map(({ name }) => name)
  if (added.length === 0) return { actions: [], added }
  const rest = found.pending.filter(name => !added.includes(name))
  const names = [...found.known, ...added.filter(name => !found.known.includes(name))]
  return {
    added,
    actions: [
      beginning(names, [...rest, ...added]),
      ...shims.map(({ name, toolFile: text }): Action => ({ kind: 'write tool file', name, text })),
      { kind: 'fill files' },
      ...renewLinks(added, found),
      ...added
        .filter(name => found.entry(name).kind === 'nothing')
        .map((name): Action => ({ kind: 'add link', name })),
      manifestOf(names, rest),
    ],
  }
}

/** Returns the names of the manifest whose shims were made to their end, if they were not removed since. */
export const wholeNames = ({ known, pending }: Pick<Found, 'known' | 'pending'>): readonly string[] =>
  known.filter(name => !pending.includes(name))

const manifestOf = (names: readonly string[], pending: readonly string[]): Action =>
  pending.length === 0 ? { kind: 'write manifest', names } : beginning(names, pending)

/** Returns what puts this version's launcher under the shims that are there. `real`: the line of a tool file that names the tool. */
export function planRenewal(found: Found, real: (name: string) => string): readonly Action[] {
  const unnamed = found.known.filter(name => !/^real=/m.test(found.toolFile(name)))
  return [
    { kind: 'copy launcher' },
    ...makeCosts(found),
    ...unnamed.map(
      (name): Action => ({ kind: 'write tool file', name, text: `${found.toolFile(name)}${real(name)}` }),
    ),
    { kind: 'fill files' },
    ...renewLinks(found.known, found),
    manifestOf(found.known, found.pending),
  ]
}

export type UninstallPlan = { actions: readonly Action[]; removed: readonly string[] }

/** Returns what takes away every link that is ours by the manifest *and* by what it says. */
export function planUninstall(found: Found): UninstallPlan {
  const removed = found.known.filter(name => isOurs(found.entry(name)))
  return {
    removed,
    actions: [
      ...removed.map((name): Action => ({ kind: 'remove link', name })),
      ...removeFiles(found.known, found),
      ...found.known
        .filter(name => found.toolFile(name) !== '')
        .map((name): Action => ({ kind: 'remove tool file', name })),
      ...(found.wanted === undefined ? [] : [{ kind: 'remove wanted' } as const]),
      ...removeRules(found),
      ...(found.hasCosts ? [{ kind: 'remove costs' } as const] : []),
    ],
  }
}
