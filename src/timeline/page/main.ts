/** What a timeline's page does when it is opened. esbuild bundles it, with the libraries, for a page without network. */
import { drawingOf } from '../drawing.js'
import { connectButtons } from './buttons.js'
import { chartInPage, elementOf } from './document.js'
import { fillHead } from './head.js'
import { hoverOver } from './hover.js'
import { currentTheme, onThemeChange } from './scheme.js'
import { Stage } from './stage.js'
import { fillTable } from './table.js'
import './page.css'

const drawing = drawingOf(chartInPage())
const stage = new Stage(elementOf('picture'), drawing, currentTheme())

fillHead(drawing, stage)
connectButtons(stage)
hoverOver(stage)
onThemeChange(name => stage.show(name))
// The table comes after the picture stands: that is what people look for first.
requestAnimationFrame(() =>
  setTimeout(() => {
    performance.mark('picture drawn')
    fillTable(drawing, stage)
  }),
)
