/** The system: is there room for the state, and does the kernel have what launchers rely on? */
import { byCommand, byHand } from './advice.js'
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
      if (place.kind === 'unusable')
        return broken(place.what, byHand(place.isFull ? 'state-full' : 'state-refused', place.fix))
      if (place.kind === 'usable') return ok(place.directory)
      const { directory, wanted, because } = place
      return note(
        because === 'it is foreign'
          ? `${wanted} is another user's, or can become so: ${directory} is used instead`
          : `${wanted} can't be made; jobshim run takes ${directory}, and tools below another jobserver have no crash safety`,
        byHand('state-moved', 'set XDG_RUNTIME_DIR to a directory that is yours alone'),
      )
    },
  },
  {
    name: 'state files',
    why: 'what killed runs and servers have left takes room',
    judge: ({ left, place }) =>
      left === 0
        ? ok('nothing is left of killed runs')
        : note(
            `${left} left by killed runs and servers${place.kind === 'unusable' ? '' : `, in ${place.directory}`}`,
            byCommand('state-left', 'jobshim doctor --fix', 'the next jobshim run removes them; now'),
          ),
  },
  {
    name: 'ledger',
    why: 'two tools in a pool of one token are tried: each must be in it, with a slot',
    judge({ trial }) {
      if (trial.kind === 'failed' && trial.step !== 'locks')
        return broken(`a pool of our own does not work: ${trial.why}`, elsewhere)
      return tried(trial, ({ slots }) =>
        slots.join(' ') === 'implicit token'
          ? ok('two tools were tried, each had its slot')
          : broken(`two tools were tried, and the ledger has ${slots.join(' and ') || 'neither'}`, elsewhere),
      )
    },
  },
  {
    name: 'locks',
    why: 'the lock of a record is what tells a killed launcher from a living one',
    judge({ trial }) {
      if (trial.kind === 'failed' && trial.step === 'locks')
        return broken(`/proc/locks can't be read: ${trial.why}`, byHand('proc-mount', 'mount /proc'))
      return tried(trial, ({ slots, alive, freed, returned }) => {
        if (slots.length < 2) return note('not known: the ledger does not have both tools that were tried')
        if (alive < 2) return broken('locks of living launchers are not seen in /proc/locks', elsewhere)
        if (!freed) return broken('locks of killed launchers stay', elsewhere)
        if (!returned) return broken('the token of a killed launcher did not come back', elsewhere)
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
        return broken(
          `can't be read: ${unreadable.join('; ')}`,
          byHand('proc-mount', 'mount a /proc of this PID namespace'),
        )
      if (hidesOthers)
        return note(
          'hides the processes of others (hidepid): tokens lost with killed clients are not found',
          byHand('proc-hidden', 'mount /proc without hidepid, or with gid= a group of yours'),
        )
      if (!hasChildren)
        return note(
          'has no /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN): whether a build stands still is told by the whole machine',
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
      const fix = byHand(
        'kernel-old',
        `Linux ${missing.map(({ name, since }) => `${since} has ${name}`).join(', ')}; if the kernel is newer, a sandbox (seccomp) forbids it: leave that`,
      )
      if (missing.some(({ needed }) => needed)) return broken(text, fix)
      if (missing.length > 0) return note(text, fix)
      if (system.wantsPressure && !system.hasPressure)
        return broken(
          "no /proc/pressure, which the config's pressure goes by",
          byHand('pressure-none', 'boot with psi=1, or take pressure out of the config'),
        )
      return ok(`Linux ${system.release} has all that launchers use`)
    },
  },
]

const elsewhere = byHand(
  'state-elsewhere',
  'set XDG_RUNTIME_DIR to a directory on a local filesystem that has room; JOBSHIM_DEBUG=1 jobshim run -j2 -- CMD says more',
)
