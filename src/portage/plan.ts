/** What has to be done to a system that Portage keeps. Pure: what is there goes in, actions come out. */
import { markingOf } from '../edits/marked-lines.js'
import { type Action, type Blocked, type Found, planTexts, textOf, withdraw } from '../edits/plan.js'
import { envFiles, hookInPhase, type PortagePlaces, type Way } from './places.js'

export type Plan = Blocked | Ready

export type Ready = { kind: 'ready'; actions: readonly Action[]; packages: readonly Package[] } // that are opted in afterwards

export type Package = { atom: string; way: Way }

const ours = markingOf('jobshim')
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

/** The file that has our lines of package.env: the user's own, where that is one. */
const packageFile = (places: PortagePlaces, { entry }: Found): string =>
  entry(places.packageEnv).kind === 'file' ? places.packageEnv : places.packageEnvFile

/** Returns the packages that are opted in. */
export const enabledPackages = (places: PortagePlaces, found: Found): readonly Package[] =>
  ours.linesIn(textOf(found.entry(packageFile(places, found)))).map(packageOf)

/** What is installed beside the shims, of this version: latin1. */
export type Parts = { hook: string; builtin: string | undefined }

/** Returns what installs them. */
export function planInstall(places: PortagePlaces, found: Found, { hook, builtin }: Parts): Plan {
  const { entry, made } = found
  const foreign = ways
    .map(way => places.envFiles[way])
    .find(path => entry(path).kind !== 'nothing' && !made.includes(path))
  if (foreign !== undefined) return blocked(foreign, 'not made by jobshim')
  return ready(
    planTexts(found, [
      [places.hook, hook],
      ...(builtin === undefined ? [] : [[places.builtin, builtin] as const]),
      ...ways.map(way => [places.envFiles[way], envText(way)] as const),
      [places.bashrc, ours.add(textOf(entry(places.bashrc)), bashrcLine)],
    ]),
    enabledPackages(places, found),
  )
}

/** Returns what opts a package in (an atom, as package.env has it), one way or the other, or out. */
export function planPackage(places: PortagePlaces, found: Found, atom: string, wish: Way | 'out'): Plan {
  const path = packageFile(places, found)
  const before = textOf(found.entry(path))
  const packages = enabledPackages(places, found)
  const isUnwanted = (one: Package): boolean => one.atom === atom && one.way !== wish
  const rest = ours.remove(before, line => isUnwanted(packageOf(line)))
  const left = packages.filter(one => !isUnwanted(one))
  if (wish !== 'out') {
    const isIn = left.some(one => one.atom === atom)
    const wanted = { atom, way: wish }
    const plan = planTexts(found, [[path, ours.add(rest, lineOf(wanted))]])
    return ready(plan, isIn ? left : [...left, wanted])
  }
  if (left.length === packages.length) return { kind: 'ready', actions: [], packages }
  return { kind: 'ready', actions: withdraw(found, [[path, rest]], []), packages: left }
}

/** Returns what takes everything of ours away again, the shims apart. */
export function planUninstall(places: PortagePlaces, found: Found): Plan {
  const texts = [places.bashrc, packageFile(places, found)].flatMap((path): [string, string][] => {
    const entry = found.entry(path)
    return entry.kind === 'file' ? [[path, ours.remove(entry.text)]] : []
  })
  const whole = [places.hook, places.builtin, ...ways.map(way => places.envFiles[way])]
  return { kind: 'ready', actions: withdraw(found, texts, whole, { forgets: true }), packages: [] }
}

const blocked = (by: string, why: string): Plan => ({ kind: 'blocked', by, why })

const ready = (plan: ReturnType<typeof planTexts>, packages: readonly Package[]): Plan =>
  plan.kind === 'blocked' ? plan : { ...plan, packages }
