/** Trees that were configured before the shims were there. */
import { relative } from 'node:path'
import type { Configured, ConfiguredSearch } from '../bypass/configured.js'
import { broken, type CheckRow, note, ok } from './verdict.js'

export type TreeFacts = { root: string; search: ConfiguredSearch }

export const treeRows: readonly CheckRow<TreeFacts>[] = [
  {
    name: 'configured trees',
    why: 'a build system goes on calling a path that it found once, past the shims',
    needs: 'shims',
    judge({ root, search: { found, cut } }) {
      const part = cut ? [note('the tree is large: only its upper part was looked at')] : []
      if (found.length === 0) return [ok(`nothing below ${root} calls a tool by its path`), ...part].slice(-1)
      const shown = found.slice(0, most).map(one => broken(nameOf(root, one), one.fix))
      const rest = found.length - shown.length
      return [...shown, ...(rest > 0 ? [note(`and ${rest} more such`)] : []), ...part]
    },
  },
]

const most = 8

const nameOf = (root: string, { tool, system, file }: Configured): string =>
  `${tool} by ${system} (absolute path in ${relative(root, file)})`
