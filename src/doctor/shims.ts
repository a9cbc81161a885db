/** The shim dir: is it there, and does each shim stand for something? */
import { shWord } from '../ground/shell-word.js'
import { byCommand, byHand } from './advice.js'
import type { ShimFacts } from './shims-facts.js'
import { broken, type CheckRow, few, note, ok } from './verdict.js'

export const shimRows: readonly CheckRow<ShimFacts>[] = [
  {
    name: 'shims',
    why: 'without them nothing is governed; another program in place of a shim takes no slot',
    judge({ dir, place, wish, shims, lost, install }) {
      if (place.kind === 'refused') return broken(place.what, byHand('shims-refused', place.fix))
      if (place.kind === 'missing')
        return note(
          `none in ${dir} yet`,
          byCommand('shims-none', install, 'jobshim run makes them the first time; now'),
        )
      if (lost.length > 0)
        return broken(
          `${few(lost)}: no longer jobshim's, in ${dir}`,
          byCommand('shims-lost', `${moving(dir, lost)} && ${install}`, 'move away what is there'),
        )
      const count = `${shims.length} in ${dir}`
      const without = 'what is installed later gets no shim, and may take no slot in a sandbox'
      if (wish === 'none')
        return note(`${count}, made by an older jobshim: ${without}`, byCommand('shims-unwritten', install))
      if (wish === 'damaged')
        return note(
          `${count}; ${dir}/.jobshim/wanted is not what jobshim wrote: ${without}`,
          byCommand('shims-damaged', `rm ${shWord(`${dir}/.jobshim/wanted`)} && ${install}`),
        )
      return ok(count)
    },
  },
  {
    name: 'real tools',
    why: 'a shim whose tool is gone fails, and makes a configure believe that the tool is there',
    judge({ shims, place, install }) {
      const dead = shims.filter(({ tool }) => tool === null).map(({ name }) => name)
      if (place.kind !== 'usable') return note('no shims')
      if (dead.length > 0)
        return broken(
          `${few(dead)}: no such program on PATH behind the shims`,
          byCommand('tools-dead', install, 'install the tools, put them on PATH, or remove the shims'),
        )
      return ok(`each of ${shims.length} shims has one on PATH`)
    },
  },
  {
    name: 'tools without a shim',
    why: 'a tool that was installed later goes past the shims',
    judge({ uncovered, missing, place, install }) {
      if (place.kind !== 'usable') return note('no shims')
      if (missing !== undefined)
        return note(missing, byHand('tools-missing', 'install it, or remove it from tools in the config'))
      if (uncovered.length > 0)
        return note(
          `${few(uncovered)}: on PATH, and no shim covers ${uncovered.length === 1 ? 'it' : 'them'}`,
          byCommand('tools-uncovered', install),
        )
      return ok('none')
    },
  },
]

function moving(dir: string, names: readonly string[]): string {
  const aside = shWord(`${dir}.moved`)
  return `mkdir -p ${aside} && mv ${names.map(name => shWord(`${dir}/${name}`)).join(' ')} ${aside}`
}
