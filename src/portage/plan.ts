/** What has to be done to a system that Portage keeps. Pure: what is there goes in, actions come out. */
import { dirname } from 'node:path'
import { addMarked, markedLines, removeMarked } from './marked-lines.js'
import { envFiles, hookInPhase, type PortagePlaces, type Way } from './places.js'

/** What stands at a path; symlinks are followed. */
export type Entry =
  | { kind: 'nothing' }
  | { kind: 'directory' }
  | { kind: 'file'; text: string }
  | { kind: 'other' }

export type Found = {
  entry: (path: string) => Entry
  made: readonly string[] // by us, the first first
}

export type Action =
  | { kind: 'make directory'; path: string }
  | { kind: 'write file'; path: string; text: string }
  | { kind: 'remove file'; path: string }
  | { kind: 'remove directory'; path: string } // if it is empty
  | { kind: 'write state'; made: readonly string[] }

export type Plan =
  | { kind: 'blocked'; by: string; why: string }
  | { kind: 'ready'; actions: readonly Action[]; packages: readonly Package[] } // that are opted in afterwards

export type Package = { atom: string; way: Way }

const bashrcLine = `source ${hookInPhase}`
const ways: readonly Way[] = ['shims', 'sandbox']

const envText = (way: Way): string =>
  `# jobshim: phases of packages that package.env gives this file to run ${envFiles[way].text}.\n${envFiles[way].setting}\n`

const lineOf = ({ atom, way }: Package): string => `${atom} ${envFiles[way].name}`

function packageOf(line: string): Package {
  const end = line.lastIndexOf(' ')
  const way = line.slice(end + 1) === envFiles.sandbox.name ? 'sandbox' : 'shims'
  return { atom: line.slice(0, end), way }
}

const textOf = (entry: Entry): string => (entry.kind === 'file' ? entry.text : '')

/** The file that has our lines of package.env: the user's own, where that is one. */
const packageFile = (places: PortagePlaces, { entry }: Found): string =>
  entry(places.packageEnv).kind === 'file' ? places.packageEnv : places.packageEnvFile

/** Returns the packages that are opted in. */
export const enabledPackages = (places: PortagePlaces, found: Found): readonly Package[] =>
  markedLines(textOf(found.entry(packageFile(places, found)))).map(packageOf)

/** What is installed beside the shims, of this version: latin1. */
export type Parts = { hook: string; builtin: string | undefined }

/** Returns what installs them. */
export function planInstall(places: PortagePlaces, found: Found, { hook, builtin }: Parts): Plan {
  const { entry, made } = found
  const foreign = ways
    .map(way => places.envFiles[way])
    .find(path => entry(path).kind !== 'nothing' && !made.includes(path))
  if (foreign !== undefined) return blocked(foreign, 'not made by jobshim')
  return change(
    found,
    [
      [places.hook, hook],
      ...(builtin === undefined ? [] : [[places.builtin, builtin] as const]),
      ...ways.map(way => [places.envFiles[way], envText(way)] as const),
      [places.bashrc, addMarked(textOf(entry(places.bashrc)), bashrcLine)],
    ],
    enabledPackages(places, found),
  )
}

/** Returns what opts a package in (an atom, as package.env has it), one way or the other, or out. */
export function planPackage(places: PortagePlaces, found: Found, atom: string, wish: Way | 'out'): Plan {
  const path = packageFile(places, found)
  const before = textOf(found.entry(path))
  const packages = enabledPackages(places, found)
  const isUnwanted = (one: Package): boolean => one.atom === atom && one.way !== wish
  const rest = removeMarked(before, line => isUnwanted(packageOf(line)))
  const left = packages.filter(one => !isUnwanted(one))
  if (wish !== 'out') {
    const isIn = left.some(one => one.atom === atom)
    const wanted = { atom, way: wish }
    return change(found, [[path, addMarked(rest, lineOf(wanted))]], isIn ? left : [...left, wanted])
  }
  if (left.length === packages.length) return { kind: 'ready', actions: [], packages }
  return withdraw(found, [[path, rest]], [], left)
}

/** Returns what takes everything of ours away again, the shims apart. */
export function planUninstall(places: PortagePlaces, found: Found): Plan {
  const texts = [places.bashrc, packageFile(places, found)].flatMap((path): [string, string][] => {
    const entry = found.entry(path)
    return entry.kind === 'file' ? [[path, removeMarked(entry.text)]] : []
  })
  const plan = withdraw(
    found,
    texts,
    [places.hook, places.builtin, ...ways.map(way => places.envFiles[way])],
    [],
  )
  // What the user has added to since is the user's.
  return {
    ...plan,
    actions: plan.actions.map(action => (action.kind === 'write state' ? { ...action, made: [] } : action)),
  }
}

const blocked = (by: string, why: string): Plan => ({ kind: 'blocked', by, why })

/** Makes files say this, and the directories that they need. What is made is noted first: we may be killed in between. */
function change(
  found: Found,
  texts: readonly (readonly [string, string])[],
  packages: readonly Package[],
): Plan {
  const { entry, made } = found
  const wrong = texts.find(([path]) => !['file', 'nothing'].includes(entry(path).kind))
  if (wrong) return blocked(wrong[0], 'not a file')
  const directories = [...new Set(texts.flatMap(([path]) => missingAbove(path, found)))]
  const files = texts.filter(([path]) => entry(path).kind === 'nothing').map(([path]) => path)
  const newOnes = [...directories, ...files].filter(path => !made.includes(path))
  return {
    kind: 'ready',
    packages,
    actions: [
      ...(newOnes.length > 0 ? [{ kind: 'write state', made: [...made, ...newOnes] } as const] : []),
      ...directories.map((path): Action => ({ kind: 'make directory', path })),
      ...texts
        .filter(([path, text]) => entry(path).kind === 'nothing' || textOf(entry(path)) !== text)
        .map(([path, text]): Action => ({ kind: 'write file', path, text })),
    ],
  }
}

/** Directories above a path that are not there, the highest first. */
function missingAbove(path: string, found: Found): string[] {
  const above = dirname(path)
  return found.entry(above).kind === 'nothing' ? [...missingAbove(above, found), above] : []
}

/** Makes files say this, or takes away those of ours that are empty then, and `whole` ones, and directories of ours. */
function withdraw(
  { entry, made }: Found,
  texts: readonly (readonly [string, string])[],
  whole: readonly string[],
  packages: readonly Package[],
): Extract<Plan, { kind: 'ready' }> {
  const empty = texts.filter(([path, text]) => text === '' && made.includes(path)).map(([path]) => path)
  const files = [...empty, ...whole.filter(path => made.includes(path) && entry(path).kind === 'file')]
  const gone = new Set(files)
  const emptied: string[] = []
  for (const path of [...made].reverse()) {
    const below = made.filter(other => other.startsWith(`${path}/`))
    if (entry(path).kind !== 'directory' || below.length === 0 || !below.every(other => gone.has(other)))
      continue
    gone.add(path)
    emptied.push(path)
  }
  const left = made.filter(path => !gone.has(path))
  return {
    kind: 'ready',
    packages,
    actions: [
      ...texts
        .filter(([path, text]) => !empty.includes(path) && textOf(entry(path)) !== text)
        .map(([path, text]): Action => ({ kind: 'write file', path, text })),
      ...files.map((path): Action => ({ kind: 'remove file', path })),
      // The state lies in one of the directories.
      ...(left.length < made.length ? [{ kind: 'write state', made: left } as const] : []),
      ...emptied.map((path): Action => ({ kind: 'remove directory', path })),
    ],
  }
}
