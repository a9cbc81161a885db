/** The likely critical path on its panel: a strip of steps, with their names where there is room. */
import type { Drawing } from './drawing.js'
import { type Layer, rectangle, type View } from './layers.js'
import { nameIn, textsOf } from './names.js'
import type { PathStep } from './path.js'
import { firstIndex } from './search.js'
import { inkOn, type Theme } from './theme.js'

type Kind = 'tool' | 'full' | 'waited'

/** What the picture says of a step of no tool; where something else ran, the strip is empty. */
const words: Readonly<Record<Kind, string>> = {
  tool: '',
  full: 'all slots in use',
  waited: 'waits for a slot',
}

type Piece = { from: number; to: number; steps: PathStep[] }

export function pathLayers(drawing: Drawing, theme: Theme): Layer[] {
  const fills: Readonly<Record<Kind, string>> = {
    tool: theme.path,
    full: theme.phases,
    waited: theme.waitsForSlot,
  }
  return (['full', 'waited', 'tool'] as const).map((kind): Layer => {
    const boxes = (view: View) =>
      piecesIn(drawing.path, kind, view).map(({ from, to, steps }) => {
        const [x = 0, top = 0, width = 0, height = 0] = rectangle(view, from, to, view.y + 1, view.height - 2)
        return { steps, box: { x, top, width, height } }
      })
    return {
      panel: 'path',
      fill: fills[kind],
      opacity: 1,
      rectangles: view =>
        boxes(view).flatMap(({ box: { x, top, width, height } }) => [x, top, width, height]),
      names: view =>
        boxes(view).flatMap(({ steps: [step, ...more], box }) =>
          step === undefined || more.length > 0
            ? []
            : nameIn(
                box,
                step.kind === 'tool' ? textsOf(drawing.chart, step.run) : [words[kind]],
                inkOn(fills[kind], 1, theme),
              ),
        ),
    }
  })
}

const narrow = 2 // pixels: steps that are narrower, and no further apart, are drawn as one

function piecesIn(path: readonly PathStep[], kind: Kind, { window }: View): Piece[] {
  const least = (narrow * (window.to - window.from)) / Math.max(1, window.width)
  const pieces: Piece[] = []
  const first = firstIndex(path.length, index => (path[index]?.to ?? 0) > window.from)
  for (let index = first; index < path.length; index++) {
    const step = path[index]
    if (!step || step.from >= window.to) break
    if (step.kind !== kind) continue
    const last = pieces.at(-1)
    if (
      last &&
      step.to - step.from < least &&
      last.to - last.from < 2 * least &&
      step.from - last.to < least
    ) {
      last.to = step.to
      last.steps.push(step)
    } else pieces.push({ from: step.from, to: step.to, steps: [step] })
  }
  return pieces
}
