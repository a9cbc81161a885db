/** What the page's HTML holds (src/timeline/html.ts). Text gets into it as text only: it has other people's file names. */
import type { Chart } from '../chart.js'

export function elementOf(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no ${id}`)
  return element
}

/** Returns the data that the page carries. */
export const chartInPage = (): Chart => JSON.parse(elementOf('chart').textContent ?? '') as Chart

/** Returns a new element. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { text, className }: { text?: string; className?: string } = {},
  ...children: readonly Node[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  if (text !== undefined) element.textContent = text
  if (className !== undefined) element.className = className
  element.append(...children)
  return element
}
