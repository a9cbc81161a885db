/** PATH: does a search for a tool find the shim? */
import { wrappers } from '../contract/wrappers.js'
import { shWord } from '../ground/shell-word.js'
import { byCommand } from './advice.js'
import type { Forestalling, PathFacts, Standing } from './path-facts.js'
import { broken, type CheckRow, few, note, ok } from './verdict.js'

const wrapperNames = wrappers.map(({ name }) => name)

const plain = ({ before }: Standing): Forestalling[] =>
  before.filter(({ program }) => !wrapperNames.includes(program))

const toolsOf = (tools: readonly Forestalling[]): string => few(tools.map(({ path }) => path))

const goesFirst = (dir: string): string => `export PATH=${shWord(dir)}:"$PATH"`

export const pathRows: readonly CheckRow<PathFacts>[] = [
  {
    name: 'PATH',
    why: 'a tool that stands before the shims is found first',
    needs: 'shims',
    judge({ dir, env, hasShims, here }) {
      const before = plain(here)
      if (!hasShims) return note('no shims')
      if (!here.isThere)
        return note(
          `${dir} is not on it: what jobshim run starts is governed, and nothing else`,
          byCommand(
            'path-absent',
            `eval "$(${env})"`,
            'jobshim run -- CMD; for all terminals: jobshim setup; for this shell',
          ),
        )
      if (before.length > 0)
        return broken(
          `found before ${before.length === 1 ? 'its shim' : 'their shims'}: ${toolsOf(before)}`,
          byCommand('path-late', goesFirst(dir), 'put the shims first'),
        )
      return ok(`each shim is found first, in ${dir}`)
    },
  },
  {
    name: 'ccache on PATH',
    why: 'ccache takes a shim behind its links for the compiler, and may return old objects',
    needs: 'shims',
    judge({ dir, here }) {
      const links = here.before.filter(({ program }) => program === 'ccache')
      if (links.length === 0) return ok('no links of it before the shims')
      return broken(
        `${toolsOf(links)}: before the shims, which ccache takes for the compilers: it may return old objects`,
        byCommand('ccache-early', goesFirst(dir), 'put the shims first'),
      )
    },
  },
  {
    name: 'login shells',
    why: 'a profile may set PATH anew, and builds call bash -l',
    needs: 'shims',
    judge({ dir, profile, login }) {
      if (login.kind === 'untold') return note(`not tried: ${login.why}`)
      const { standing } = login
      const lost = standing.isThere ? standing.before : undefined
      if (lost?.length === 0) return ok('bash -lc keeps the shims first')
      const text = lost
        ? `bash -lc puts others before the shims: ${toolsOf(lost)}`
        : 'bash -lc sets PATH anew, without the shims'
      const command = `echo ${shWord(`PATH=${shWord(dir)}:"$PATH"`)} >>${shWord(profile)}`
      return note(
        `${text}: a build that starts one is not governed in it`,
        byCommand('login-path', command, 'put it behind what sets PATH'),
      )
    },
  },
]
