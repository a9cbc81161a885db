/** The launcher: does it run here, and how quick is it? */

import { shWord } from '../ground/shell-word.js'
import { slownessOf } from '../launcher/slowness.js'
import { launcherSources } from '../shimdir/launcher.js'
import { type Advice, byCommand, byHand } from './advice.js'
import type { LauncherFacts } from './launcher-facts.js'
import { broken, type CheckRow, note, ok, type Verdict } from './verdict.js'

/** What bench/README.md has for `true`, and for a launcher with the system's libc: more than that is worth a word. */
const usualRatio = 2

export const launcherRows: readonly CheckRow<LauncherFacts>[] = [
  {
    name: 'launcher',
    why: 'every shim is this program',
    judge({ launcher, description, install }) {
      if (launcher.kind === 'lost')
        return broken(
          `${launcher.path}: missing, so that no shim works`,
          byCommand('launcher-missing', install),
        )
      if (launcher.kind === 'none')
        return launcher.missing.length > 0
          ? broken(
              `none, and none can be built: no ${launcher.missing.join(' and no ')} on PATH`,
              byHand('launcher-tools', 'install make and a C compiler'),
            )
          : note('not built yet', byCommand('launcher-unbuilt', install, 'an install builds it'))
      if (description.kind === 'silent')
        return broken(
          `${launcher.path}: can't run (${description.why})`,
          description.cause === 'noexec' ? noexec : byCommand('launcher-broken', install),
        )
      if (description.kind === 'old' || (launcher.kind === 'installed' && !launcher.isThisVersion))
        return note(`${launcher.path}: not the one of this jobshim`, byCommand('launcher-other', install))
      return ok(launcher.path)
    },
  },
  {
    name: 'launcher build',
    why: 'a dynamic program takes longer to start',
    judge({ description, bytes, install }) {
      if (description.kind === 'silent') return note(`not known: ${description.why}`)
      if (description.kind === 'old') return note('not known: an older launcher does not tell')
      const text = `${description.linking}, ${description.libc}, ${bytes} bytes`
      const slowness = slownessOf({ ...description, bytes })
      return slowness === undefined ? ok(text) : note(`${text}: ${slowness}`, slow(install))
    },
  },
  {
    name: 'launcher speed',
    why: 'what a shim adds to each run of a tool',
    judge({ speed, description, bytes, install }): Verdict {
      if (speed.kind === 'unknown') return note(`not measured: ${speed.why}`)
      const { bareMs, shimMs } = speed
      const ratio = shimMs / bareMs
      const text = `true takes ${shimMs.toFixed(2)} ms with a shim and ${bareMs.toFixed(2)} ms without: x${ratio.toFixed(2)}`
      if (ratio <= usualRatio) return ok(text)
      const isQuick = description.kind === 'told' && slownessOf({ ...description, bytes }) === undefined
      return isQuick
        ? note(`${text}; more than x${usualRatio} is usual only on a busy machine`)
        : note(`${text}; more than x${usualRatio} is unusual`, slow(install))
    },
  },
]

const slow = (install: string): Advice =>
  byCommand(
    'launcher-slow',
    `make -s -B -C ${shWord(launcherSources)} && ${install}`,
    'install musl-tools, and build it anew',
  )

const noexec = byHand(
  'launcher-noexec',
  'have the shims on a filesystem that is not mounted noexec: name a directory there by dir in the config, or by JOBSHIM_DIR',
)
