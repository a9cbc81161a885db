/** What `jobshim setup --system` has to do, and to take back. Pure: what is there goes in, actions come out. */
import { planTexts, textOf, withdraw } from '../edits/plan.js'
import type { Facts, FileChange, Plan } from './plan.js'
import { type Init, type Service, type SystemPlaces, systemTexts } from './system-files.js'

export type SystemFacts = Facts & {
  places: SystemPlaces
  hasGroup: boolean
}

const linesOf = (text: string): string[] => text.trimEnd().split('\n')

/** Returns what makes all files. One of such a name that is not ours is in the way. */
export function planSystem(facts: SystemFacts, init: Init, service: Service): Plan {
  const { entry, made, places, obstacle, own, hasGroup, hasShims } = facts
  const makesGroup = !hasGroup || made.includes(places.group)
  const texts = systemTexts(places, init, service, makesGroup)
  for (const [path] of texts) {
    const found = obstacle(path)
    if (found) return { kind: 'blocked', by: path, ...found }
    if (entry(path).kind !== 'nothing' && !made.includes(path))
      return { kind: 'blocked', by: path, why: 'not made by jobshim', hint: 'move it away' }
  }
  const plan = planTexts(facts, texts, [own])
  if (plan.kind === 'blocked') return { ...plan, hint: 'move it away' }
  const files = texts
    .filter(([path, text]) => textOf(entry(path)) !== text)
    .map(([path, text]): FileChange => {
      return { path, how: entry(path).kind === 'nothing' ? 'make' : 'add', lines: linesOf(text) }
    })
  return { kind: 'ready', files, shims: hasShims ? 'keep' : 'make', actions: plan.actions }
}

/** Returns what removes all that was made. */
export function planSystemUndo(facts: SystemFacts): Plan {
  const { entry, made, places, obstacle, own, hasShims } = facts
  const whole = [places.profile, ...Object.values(places.services), places.group]
  const there = whole.filter(path => made.includes(path) && entry(path).kind === 'file')
  for (const path of there) {
    const found = obstacle(path)
    if (found) return { kind: 'blocked', by: path, ...found }
  }
  return {
    kind: 'ready',
    actions: withdraw(facts, [], [...whole, own], { forgets: true }),
    files: there.map(path => ({ path, how: 'remove', lines: linesOf(textOf(entry(path))) })),
    shims: made.includes(own) ? 'remove' : hasShims ? 'keep' : 'none',
  }
}
