/** Zoom and movement without a mouse: buttons, and keys while the picture has the focus. */
import { elementOf } from './document.js'
import type { Stage } from './stage.js'

const actions: readonly { button: string; keys: readonly string[]; act: (stage: Stage) => void }[] = [
  { button: 'zoom-in', keys: ['+', '='], act: stage => stage.zoomBy(1 / 2) },
  { button: 'zoom-out', keys: ['-'], act: stage => stage.zoomBy(2) },
  { button: 'earlier', keys: ['ArrowLeft'], act: stage => stage.moveBy(-1 / 4) },
  { button: 'later', keys: ['ArrowRight'], act: stage => stage.moveBy(1 / 4) },
  { button: 'whole', keys: ['0', 'Home'], act: stage => stage.zoomOut() },
]

export function connectButtons(stage: Stage): void {
  for (const { button, act } of actions) elementOf(button).addEventListener('click', () => act(stage))
  stage.element.addEventListener('keydown', event => {
    if (event.ctrlKey || event.altKey || event.metaKey) return // the browser's own
    const action = actions.find(({ keys }) => keys.includes(event.key))
    if (!action) return
    event.preventDefault()
    action.act(stage)
  })
}
