/** Priorities of tool runs: words of the config, of a variable, and of the rules, which launchers read. */
export const priorities = [
  'normal',
  'low', // leaves slots to all others that wait
] as const

export type Priority = (typeof priorities)[number]

export const lowPriority: Priority = 'low'
