/** What is known of a shim dir. */
import type { Settings } from '../config/options.js'
import { Failure, systemErrorCode } from '../ground/failure.js'
import { checkShimDirectory, installedNames, readWish, toolFileOf } from '../shimdir/inspect.js'
import { layoutOf } from '../shimdir/layout.js'
import { type ListedShim, listShims } from '../shimdir/list.js'
import { readManifest } from '../shimdir/manifest.js'
import { pathView, realDirectories } from '../shimdir/real-tools.js'
import { wantedShims } from '../shimdir/wanted.js'
import type { WishState } from '../shimdir/wish.js'

export type ShimFacts = {
  dir: string
  install: string // what a shell runs to make the shims
  place: { kind: 'usable' } | { kind: 'missing' } | { kind: 'refused'; what: string; fix: string }
  joins: boolean // tools that find no jobserver take slots of the machine's pool, as install wrote it down
  wish: WishState['kind'] // whether it is known what else is to have one
  shims: readonly ListedShim[]
  lost: readonly string[] // names that once were ours and no longer are
  uncovered: readonly string[] // names on PATH that an install would cover
  missing: string | undefined // a tool that is asked for and not on PATH
}

/** Looks at `settings.dir`. */
export function shimFacts(settings: Settings, install: string, environment: NodeJS.ProcessEnv): ShimFacts {
  const { dir } = settings
  const layout = layoutOf(dir)
  const nothing: ShimFacts = {
    dir,
    install,
    place: { kind: 'missing' },
    joins: false,
    wish: 'none',
    shims: [],
    lost: [],
    uncovered: [],
    missing: undefined,
  }
  try {
    if (checkShimDirectory(layout, 'use') === 'missing') return nothing
    const manifest = readManifest(layout)
    if (manifest.kind === 'none') return nothing
    const names = installedNames(layout)
    return {
      ...nothing,
      place: { kind: 'usable' },
      joins: names.some(name => /^no-jobserver=machine$/m.test(toolFileOf(layout, name))),
      wish: readWish(layout).kind,
      shims: listShims(dir, environment),
      lost: manifest.names.filter(name => ![...names, ...manifest.pending].includes(name)),
      ...wanted(settings, environment, names),
    }
  } catch (error) {
    return { ...nothing, place: refused(dir, error) }
  }
}

function refused(dir: string, error: unknown): ShimFacts['place'] {
  if (error instanceof Failure) return { kind: 'refused', what: error.message, fix: error.hint }
  const code = systemErrorCode(error)
  if (code === undefined) throw error
  return {
    kind: 'refused',
    what: `${dir}: can't be looked at (${code})`,
    fix: 'name a directory of your own with --dir',
  }
}

function wanted(
  settings: Settings,
  { PATH = '' }: NodeJS.ProcessEnv,
  names: readonly string[],
): Pick<ShimFacts, 'uncovered' | 'missing'> {
  const view = pathView(realDirectories(PATH, settings.dir))
  try {
    const all = wantedShims(settings, view).map(({ name }) => name)
    return { uncovered: all.filter(name => !names.includes(name)), missing: undefined }
  } catch (error) {
    if (error instanceof Failure) return { uncovered: [], missing: error.message }
    throw error
  }
}
