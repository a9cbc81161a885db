/** The launcher: does it run here, and how quick is it? */
import type { LauncherFacts } from './launcher-facts.js'
import { broken, type CheckRow, note, ok, type Verdict } from './verdict.js'

/** What bench/README.md has for `true`, and for a launcher with the system's libc: more than that is worth a word. */
const usualRatio = 2

export const launcherRows: readonly CheckRow<LauncherFacts>[] = [
  {
    name: 'launcher',
    why: 'every shim is this program',
    judge({ launcher, description }) {
      if (launcher.kind === 'lost')
        return broken(`${launcher.path}: missing, so that no shim works`, 'jobshim install')
      if (launcher.kind === 'none')
        return launcher.missing.length > 0
          ? broken(
              `none, and none can be built: no ${launcher.missing.join(' and no ')} on PATH`,
              'install make and a C compiler',
            )
          : note('not built yet', 'jobshim install builds it')
      if (description.kind === 'silent')
        return broken(
          `${launcher.path}: can't run (${description.why})`,
          'check that its filesystem is not mounted noexec and that it was built for this machine, then jobshim install',
        )
      if (description.kind === 'old' || (launcher.kind === 'installed' && !launcher.isThisVersion))
        return note(`${launcher.path}: not the one of this jobshim`, 'jobshim install puts it there')
      return ok(launcher.path)
    },
  },
  {
    name: 'launcher build',
    why: 'a dynamic program takes longer to start',
    judge({ description, bytes }) {
      if (description.kind === 'silent') return note(`not known: ${description.why}`)
      if (description.kind === 'old') return note('not known: an older launcher does not tell')
      const text = `${description.linking}, ${description.libc}, ${bytes} bytes`
      if (description.linking === 'static') return ok(text)
      return note(`${text}: starts later than a static one`, buildHint)
    },
  },
  {
    name: 'launcher speed',
    why: 'what a shim adds to each run of a tool',
    judge({ speed, description }): Verdict {
      if (speed.kind === 'unknown') return note(`not measured: ${speed.why}`)
      const { bareMs, shimMs } = speed
      const ratio = shimMs / bareMs
      const text = `true takes ${shimMs.toFixed(2)} ms with a shim and ${bareMs.toFixed(2)} ms without: x${ratio.toFixed(2)}`
      if (ratio <= usualRatio) return ok(text)
      const isStatic = description.kind === 'told' && description.linking === 'static'
      return note(
        `${text}; more than x${usualRatio} is unusual`,
        isStatic ? 'look again when the machine is idle; npm run bench tells more' : buildHint,
      )
    },
  },
]

const buildHint = 'install musl-tools, build the launcher anew (make -B -C shims), then jobshim install'
