/** The builds that share a jobserver: what each has of it. Which build a run is a part of, `look` tells (shims/look/buildanswer.c). */
import { type buildKinds, buildRows } from '../contract/look-commands.js'
import { processNames } from '../contract/process-names.js'
import type { Answer } from '../launcher/answers.js'
import type { LedgerRecord } from './ledger.js'
import { type ProcessFacts, programOf } from './process-facts.js'

/** A tool that a client has started in a slot of its own, without a launcher beside it. */
export type ClientTool = {
  tool: string // its name
  pid: number
  seconds: number // since it was started
  command: string
}

/** Make or the like: it takes slots for what it starts. */
export type Client = ClientTool & {
  slots: number // that it uses
  tools: readonly ClientTool[]
}

export type Build = {
  kind: keyof typeof buildKinds
  name: string // for people
  pid: number | undefined // of the process that it is named after; undefined: of none
  slots: number // that its tools have
  waiting: number // launchers that want one
  longestWaitSeconds: number // of those that wait now
  clients: readonly Client[]
}

/** A row of what `look` tells. */
export type Sighting = Answer<'builds'>[number]

/** What is told of a launcher besides its record. */
export type RunFacts = Pick<LedgerRecord, 'record' | 'state' | 'slot' | 'alive'> & { seconds: number }

export type Builds = {
  builds: readonly Build[]
  placeOf(record: number): Place | undefined // undefined of one that was killed
}

/** Where a record belongs. */
export type Place = {
  build: number // which of the builds
  pid: number // of its launcher as /proc here has it; -1: it can't be seen
  client: number | undefined // the pid of the client whose slot it is
}

type Member = { sighting: Sighting; run: RunFacts | undefined }

/** Returns the builds of the launchers and clients that were seen. `owner`: the pid of the `jobshim run` whose pool it is, 0: of nobody. */
export function buildsOf(
  sightings: readonly Sighting[],
  runs: readonly RunFacts[],
  owner: number,
  processes: ProcessFacts,
): Builds {
  const runOf = new Map(runs.filter(({ alive }) => alive).map(run => [run.record, run]))
  const groups = new Map<string, Member[]>()
  const places = new Map<number, Place>()
  const keys: string[] = []
  for (const sighting of membersIn(sightings, runOf)) {
    const key = `${sighting.build} ${sighting.of} ${sighting.name}`
    const members = groups.get(key) ?? []
    if (members.length === 0) keys.push(key)
    members.push({ sighting, run: runOf.get(sighting.record) })
    groups.set(key, members)
    if (sighting.is === buildRows.record)
      places.set(sighting.record, {
        build: keys.indexOf(key),
        pid: sighting.pid,
        client: clientBelow(sighting, sightings, processes),
      })
  }
  const children = sightings.filter(({ is }) => is === buildRows.child)
  const shown = pathsTo(sightings, processes)
  const builds = keys.map(key => buildOf(groups.get(key) ?? [], { children, shown, owner, processes }))
  return { builds, placeOf: record => places.get(record) }
}

// Those of the living. One that `look` has not seen belongs to nobody known.
function membersIn(sightings: readonly Sighting[], runOf: ReadonlyMap<number, RunFacts>): Sighting[] {
  const seen = new Set(sightings.map(({ record }) => record))
  const unseen = [...runOf.keys()].filter(record => !seen.has(record))
  return [
    ...sightings.filter(
      ({ is, record }) => is === buildRows.client || (is === buildRows.record && runOf.has(record)),
    ),
    ...unseen.map(record => ({
      is: buildRows.record,
      record,
      pid: -1,
      client: -1,
      build: 'unknown' as const,
      of: -1,
      name: '',
    })),
  ]
}

// The one that a payer pays for, or that an adapter has started.
function clientBelow(
  { pid, client }: Sighting,
  sightings: readonly Sighting[],
  { ancestorsOf }: ProcessFacts,
): number | undefined {
  if (client > 0) return client
  return sightings.find(({ is, pid: of }) => is === buildRows.client && ancestorsOf(of)[0] === pid)?.pid
}

// What has a row of its own, and all above it.
function pathsTo(sightings: readonly Sighting[], { ancestorsOf }: ProcessFacts): ReadonlySet<number> {
  const ends = sightings.filter(({ is, pid }) => is !== buildRows.child && pid > 0).map(({ pid }) => pid)
  return new Set(ends.flatMap(pid => [pid, ...ancestorsOf(pid)]))
}

type Surroundings = {
  children: readonly Sighting[]
  shown: ReadonlySet<number>
  owner: number
  processes: ProcessFacts
}

function buildOf(members: readonly Member[], around: Surroundings): Build {
  const [first] = members
  const { build: kind = 'unknown', of = -1 } = first?.sighting ?? {}
  const waits = members.flatMap(({ run }) => (run && isWaiting(run) ? [run.seconds] : []))
  const clients = members
    .filter(({ sighting }) => sighting.is === buildRows.client)
    .map(({ sighting }) => clientOf(sighting.pid, around))
  return {
    kind: kind as Build['kind'],
    name: first === undefined ? '' : nameOf(first.sighting, around, clients),
    pid: of > 0 ? of : undefined,
    slots: slotsOf(members, clients, around),
    waiting: waits.length,
    longestWaitSeconds: Math.max(0, ...waits),
    clients,
  }
}

const isWaiting = ({ state }: RunFacts): boolean =>
  state === 'waiting' || state === 'acquiring' || state === 'gated'

const isHolder = ({ state, slot }: RunFacts): boolean => state === 'held' && slot !== 'overdraft'

function clientOf(client: number, { children, shown, processes }: Surroundings): Client {
  const tool = (pid: number): ClientTool => {
    const words = processes.wordsOf(pid)
    return {
      tool: programOf(words),
      pid,
      seconds: processes.secondsOf(pid),
      command: words.join(' ').trimEnd(),
    }
  }
  const own = children.filter(child => child.client === client)
  return {
    ...tool(client),
    slots: Math.max(1, own.length),
    tools: own.filter(({ pid }) => !shown.has(pid)).map(({ pid }) => tool(pid)),
  }
}

/**
 * A launcher's token is a slot, and so is each child of a client; the first child runs in the slot that the client has itself: by a
 * launcher's token (its adapter's, or that of the tool that it is below), by the client above it, or as the command of the pool's `run`.
 */
function slotsOf(
  members: readonly Member[],
  clients: readonly Client[],
  { owner, processes }: Surroundings,
): number {
  const pays = ({ run }: Member): boolean => run !== undefined && isHolder(run) && run.slot === 'token'
  const payers = members.filter(pays)
  const paid = new Set(payers.flatMap(({ sighting: { pid, client } }) => [pid, client]))
  const above = new Set([...paid, ...clients.map(({ pid }) => pid), owner])
  const isBelow = (pid: number): boolean => processes.ancestorsOf(pid).some(ancestor => above.has(ancestor))
  const ofClients = clients.map(({ pid, slots }) => (paid.has(pid) || isBelow(pid) ? slots - 1 : slots))
  const alone = members.filter(
    ({ run, sighting: { pid } }) =>
      run !== undefined && isHolder(run) && run.slot === 'implicit' && !isBelow(pid),
  )
  const ofRun = members.some(
    ({ sighting: { pid, of } }) => owner > 0 && (of === owner || processes.ancestorsOf(pid).includes(owner)),
  )
  return payers.length + ofClients.reduce((sum, slots) => sum + slots, 0) + alone.length + (ofRun ? 1 : 0)
}

function nameOf(sighting: Sighting, around: Surroundings, clients: readonly Client[]): string {
  const { build, name, of } = sighting
  const { owner, processes } = around
  if (build === 'named') return name
  if (build === 'unknown') return 'unknown'
  const named = of === owner ? commandOfRun(sighting.pid, owner, processes) : of
  const program = programOf(processes.wordsOf(named))
  if (program === '') return `${build === 'session' ? 'session' : 'process'} ${named}`
  // An adapter stays where it was called: its make may have gone elsewhere (-C).
  const adapted = clients.find(({ pid }) => processes.ancestorsOf(pid)[0] === named)
  const directory = processes.directoryOf(adapted?.pid ?? named)
  return directory === undefined ? program : `${program} in ${directory}`
}

// The child of `run`, or that of the starter between them.
function commandOfRun(pid: number, owner: number, { ancestorsOf, nameOf: commOf }: ProcessFacts): number {
  const path = [pid, ...ancestorsOf(pid)]
  const below = path.slice(0, Math.max(1, path.indexOf(owner))).reverse()
  const [first = owner, second = first] = below
  return commOf(first) === processNames.starter ? second : first
}
