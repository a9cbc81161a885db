/** Trees that were configured before the shims were there. */
import { relative } from 'node:path'
import type { Configured, ConfiguredSearch } from '../bypass/configured.js'
import { type Advice, byCommand } from './advice.js'
import { broken, type CheckRow, few, note, ok } from './verdict.js'

export type TreeFacts = { root: string; search: ConfiguredSearch; install: string | undefined }

export const treeRows: readonly CheckRow<TreeFacts>[] = [
  {
    name: 'configured trees',
    why: 'a build system goes on calling a path that it found once, past the shims',
    needs: 'shims',
    judge({ root, search: { found, cut }, install }) {
      const part = cut ? [note('the tree is large: only its upper part was looked at')] : []
      if (found.length === 0) return [ok(`nothing below ${root} calls a tool by its path`), ...part].slice(-1)
      const alike = alikeIn(found)
      const shown = alike.slice(0, most).map(group => broken(nameOf(root, group), adviceOf(group, install)))
      const rest = alike.length - shown.length
      return [...shown, ...(rest > 0 ? [note(`and ${rest} more such`)] : []), ...part]
    },
  },
]

const most = 8

/** Returns what is named by the same file, and mended by the same command. */
function alikeIn(found: readonly Configured[]): Alike[] {
  const groups = new Map<string, Alike>()
  for (const { file, system, advice, tool } of found) {
    const key = `${file}\0${advice.fix}`
    const tools = [...(groups.get(key)?.tools ?? []), tool]
    groups.set(key, { file, system, advice, tools })
  }
  return [...groups.values()]
}

type Alike = Omit<Configured, 'tool'> & { tools: string[] }

// A launcher that is put before a compiler must be there; jobshim run makes the shims itself.
function adviceOf({ advice }: Alike, install: string | undefined): Advice {
  return install !== undefined && advice.id === 'tree-cmake'
    ? byCommand(advice.id, `${install} && ${advice.command}`, 'put the launcher before it')
    : advice
}

const nameOf = (root: string, { tools, system, file }: Alike): string =>
  `${few(tools)} by ${system} (absolute path in ${relative(root, file)})`
