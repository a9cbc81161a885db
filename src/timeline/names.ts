/** The names on bars: as much of one as there is room for, or none. */
import type { Chart } from './chart.js'
import { shortened } from './text.js'

/** `y`: the bar's middle. Pixels. */
export type BarName = { text: string; x: number; y: number; width: number; fill: string }

/** Of the letters, in pixels. */
export const nameHeight = 11

const letter = 6.4 // pixels: nobody measures them here; the library cuts off what is wider
const margin = 4
const fewest = 4 // letters: fewer tell nothing

/** Returns what a run may be called on its bar, the longest first. */
export function textsOf({ names, runs }: Chart, run: number): string[] {
  const tool = names.tools[runs.tool[run] ?? 0] ?? ''
  const file = names.files[runs.file[run] ?? 0] ?? ''
  const last = file.slice(file.lastIndexOf('/') + 1)
  return file === '' ? [tool] : [`${tool} ${file}`, file, last]
}

/** Returns the longest of the texts that fits in a bar; of the shortest its beginning. */
export function nameIn(
  { x, width, top, height }: { x: number; width: number; top: number; height: number },
  texts: readonly string[],
  fill: string,
): BarName[] {
  const room = width - 2 * margin
  const most = Math.floor(room / letter)
  if (height < nameHeight + 2 || most < fewest) return []
  const text = texts.find(each => [...each].length <= most) ?? shortened(texts.at(-1) ?? '', most, 'end')
  return text === '' ? [] : [{ text, x: x + margin, y: top + height / 2, width: room, fill }]
}
