/** What the launcher and the readers of a journal agree on, beside the lines themselves (src/timeline/event.ts). */
export const journalLayout = {
  version: 1, // of all lines; another number is another shape
  lineMax: 4096, // no line is longer, so that one write appends it whole
} as const
