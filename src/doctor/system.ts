/** The system: is there room for the state, and does the kernel have what launchers rely on? */
import type { LauncherDescription } from './launcher-facts.js'
import type { StateFacts, Trial } from './state-facts.js'
import type { SystemFacts } from './system-facts.js'
import { broken, type CheckRow, note, ok, type Verdict } from './verdict.js'

export type MachineFacts = StateFacts & { system: SystemFacts; description: LauncherDescription }

/** What launchers do without a feature of the kernel. */
const features: readonly { name: string; since: string; without: string; needed: boolean }[] = [
  { name: 'ofd-locks', since: '3.15', without: 'a killed launcher looks like a living one', needed: true },
  { name: 'pdeathsig', since: '2.1', without: 'no tool can be started in a slot', needed: true },
  { name: 'epoll-exclusive', since: '4.5', without: 'a token wakes all launchers that wait', needed: false },
  {
    name: 'pidfd',
    since: '5.3',
    without: "a launcher that waits for its job's own slot polls",
    needed: false,
  },
  { name: 'statx', since: '4.11', without: 'a new FIFO may be taken for an older one', needed: false },
  {
    name: 'unix-datagrams',
    since: '1.0',
    without: 'a queue moves on only as its launchers poll',
    needed: false,
  },
  { name: 'seccomp-listener', since: '5.5', without: 'jobshim run --sandbox does not work', needed: false },
]

const tried = (trial: Trial, judge: (done: Trial & { kind: 'done' }) => Verdict): Verdict => {
  if (trial.kind === 'not made') return note(`not tried: ${trial.why}`)
  if (trial.kind === 'failed') return note(`not tried: ${trial.why}`)
  return judge(trial)
}

export const systemRows: readonly CheckRow<MachineFacts>[] = [
  {
    name: 'state directory',
    why: 'pools, ledgers and queues lie there; without it a killed tool takes its token along',
    judge({ place }) {
      if (place.kind === 'unusable') return broken(place.what, place.fix)
      if (place.kind === 'usable') return ok(place.directory)
      const { directory, wanted, because } = place
      return note(
        because === 'it is foreign'
          ? `${wanted} is another user's, or can become so: ${directory} is used instead`
          : `${wanted} can't be made; jobshim run takes ${directory}, and tools below another jobserver have no crash safety`,
        'set XDG_RUNTIME_DIR to a directory that is yours alone',
      )
    },
  },
  {
    name: 'ledger',
    why: 'two tools in a pool of one token are tried: each must be in it, with a slot',
    judge({ trial }) {
      if (trial.kind === 'failed' && trial.step !== 'locks')
        return broken(`a pool of our own does not work: ${trial.why}`, trialHint)
      return tried(trial, ({ slots }) =>
        slots.join(' ') === 'implicit token'
          ? ok('two tools were tried, each had its slot')
          : broken(`two tools were tried, and the ledger has ${slots.join(' and ') || 'neither'}`, trialHint),
      )
    },
  },
  {
    name: 'locks',
    why: 'the lock of a record is what tells a killed launcher from a living one',
    judge({ trial }) {
      if (trial.kind === 'failed' && trial.step === 'locks')
        return broken(`/proc/locks can't be read: ${trial.why}`, 'mount /proc')
      return tried(trial, ({ slots, alive, freed, returned }) => {
        if (slots.length < 2) return note('not known: the ledger does not have both tools that were tried')
        if (alive < 2) return broken('locks of living launchers are not seen in /proc/locks', lockHint)
        if (!freed) return broken('locks of killed launchers stay', lockHint)
        if (!returned) return broken('the token of a killed launcher did not come back', lockHint)
        return ok("seen while a launcher lives; a killed one's token came back")
      })
    },
  },
  {
    name: '/proc',
    why: 'launchers find out there whose slot they run in',
    judge({ system }) {
      const { unreadable, hidesOthers, hasChildren } = system
      if (unreadable.length > 0)
        return broken(`can't be read: ${unreadable.join('; ')}`, 'mount a /proc of this PID namespace')
      if (hidesOthers)
        return note(
          'hides the processes of others (hidepid): tokens lost with killed clients are not found',
          'mount /proc without hidepid, or with gid= a group of yours',
        )
      if (!hasChildren)
        return note(
          'has no /proc/PID/task/TID/children: whether a build stands still is told by the whole machine',
          'a kernel with CONFIG_PROC_CHILDREN',
        )
      return ok('all that launchers read is there')
    },
  },
  {
    name: 'kernel',
    why: "launchers do without a missing feature, or don't work",
    judge({ description, system }) {
      if (description.kind !== 'told')
        return note(
          `Linux ${system.release}; not asked: ${description.kind === 'old' ? 'an older launcher' : description.why}`,
        )
      const missing = features.flatMap(feature => {
        const why = description.features.get(feature.name) ?? 'not known'
        return why === '' ? [] : [{ ...feature, why }]
      })
      const text = missing.map(({ name, why, without }) => `${name} (${why}): ${without}`).join('; ')
      const fix = `Linux ${missing.map(({ name, since }) => `${since} has ${name}`).join(', ')}; a sandbox (seccomp) may forbid it`
      if (missing.some(({ needed }) => needed)) return broken(text, fix)
      if (missing.length > 0) return note(text, fix)
      if (system.wantsPressure && !system.hasPressure)
        return broken(
          "no /proc/pressure, which the config's pressure goes by",
          'boot with psi=1, or take pressure out of the config',
        )
      return ok(`Linux ${system.release} has all that launchers use`)
    },
  },
]

const trialHint = 'JOBSHIM_DEBUG=1 jobshim run -j2 -- CMD says more'
const lockHint = 'set XDG_RUNTIME_DIR to a directory on a local filesystem'
