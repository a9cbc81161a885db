/** The jobserver: can it be reached, has it its tokens, and can the clients here read its address? */
import { type Advice, byCommand, byHand } from './advice.js'
import type { ClientProgram, Jobserver, JobserverFacts } from './jobserver-facts.js'
import { broken, type CheckRow, note, ok, type Verdict } from './verdict.js'

const none = 'none here: jobshim run makes one'

const usable = (jobserver: Jobserver, judge: (pool: Jobserver & { kind: 'usable' }) => Verdict): Verdict => {
  if (jobserver.kind === 'none') return ok(none)
  return jobserver.kind === 'usable' ? judge(jobserver) : note("not known: it can't be reached")
}

/** An advice for a jobserver that can't be mended: this shell is to forget it. */
const forget = (
  id: 'jobserver-dead' | 'server-gone' | 'tokens-lost',
  release: string,
  what: string,
): Advice => (release === '' ? byHand(id, what) : byCommand(id, release, `${what}; in this shell`))

const anew = 'start the build anew, below jobshim run'

export const jobserverRows: readonly CheckRow<JobserverFacts>[] = [
  {
    name: 'jobserver',
    why: 'MAKEFLAGS may name one that is gone or closed: every tool runs at once then',
    judge({ jobserver, limit, release }) {
      switch (jobserver.kind) {
        case 'none':
          if (limit === 'machine') return ok("none here: tools take slots of this user's pool")
          return limit === 'none'
            ? note(
                'none here: the tools of this shell have no limit',
                byCommand(
                  'setup',
                  'jobshim setup --yes',
                  'jobshim run -- CMD, or one limit for all terminals',
                ),
              )
            : ok(none)
        case 'untried':
          return note(`${jobserver.named}: not tried: ${jobserver.why}`)
        case 'unusable':
          return broken(
            `${jobserver.named}: ${jobserver.why}`,
            forget('jobserver-dead', release, 'in a recipe of make put + before the line'),
          )
        case 'usable':
          return ok(`${jobserver.named}: reached as ${jobserver.address}`)
      }
    },
  },
  {
    name: 'tokens',
    why: 'a lost token is a slot that stays unused',
    judge: ({ jobserver, release }) =>
      usable(jobserver, ({ free, total, tokens }) => {
        const text = `${free ?? '?'} of ${total ?? '?'} free`
        if (tokens.kind === 'lost')
          return broken(
            `${text}, ${tokens.count} lost with killed clients`,
            forget('tokens-lost', release, anew),
          )
        if (tokens.kind === 'uncounted')
          return total === undefined ? ok(text) : note(`${text}; not counted: ${tokens.why}`)
        return ok(`${text}, none lost`)
      }),
  },
  {
    name: 'jobserver alive',
    why: 'when the server is gone, tokens lost with killed clients stay lost',
    judge: ({ jobserver, release }) =>
      usable(jobserver, ({ server }) => {
        if (server === 'gone')
          return broken('the jobshim run or serve that made it is gone', forget('server-gone', release, anew))
        return ok(server === 'alive' ? 'its jobshim lives' : 'somebody has it open')
      }),
  },
  {
    name: 'make',
    why: 'make 4.2 and 4.3 fail on fifo:, older ones can read neither style',
    judge({ make, auth, install }) {
      if (make?.kind !== 'make') return ok('none on PATH')
      const text = `${make.version} (${make.path})`
      const reads =
        auth === undefined ||
        make.style === 'fifo' ||
        (auth.kind === 'pipe' && (make.style === 'pipe' || auth.spelling === 'legacy'))
      if (reads) return ok(auth === undefined ? `${text}: jobshim run talks to it in its style` : text)
      return shimmed(
        make,
        install,
        `${text} can't read ${auth.kind === 'fifo' ? 'fifo:' : '--jobserver-auth='}`,
      )
    },
  },
  {
    name: 'ninja',
    why: 'ninja is a client since 1.13, and reads only fifo:',
    judge({ ninja, make, auth, install }) {
      if (ninja?.kind !== 'ninja') return ok('none on PATH')
      const text = `ninja ${ninja.version} (${ninja.path})`
      if (!ninja.readsFifo)
        return note(
          `${text}: no client of any jobserver; what has a shim takes slots, its other commands don't`,
          byHand('ninja-old', 'put ninja 1.13 or later on PATH'),
        )
      // Without an address here it is jobshim run's, in the style of the make on PATH.
      const style = auth?.kind ?? (make?.kind === 'make' && make.style !== 'fifo' ? 'pipe' : 'fifo')
      if (style === 'fifo') return ok(text)
      return shimmed(
        ninja,
        install,
        `${text} can't read a jobserver of two descriptors${auth ? '' : ', as make has it here'}`,
      )
    },
  },
]

const shimmed = ({ hasShim }: ClientProgram, install: string, text: string): Verdict =>
  hasShim
    ? ok(`${text}: its shim translates`)
    : broken(
        text,
        byCommand(
          'jobserver-client',
          install,
          'let it have a shim, which translates (adapters in the config)',
        ),
      )
