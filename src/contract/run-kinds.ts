/** What a run of a tool does. probe: it only prints, and takes no slot. The others are what a rule may name. */
export const runKinds = ['compile', 'link', 'preprocess', 'other', 'probe'] as const

export type RunKind = (typeof runKinds)[number]
