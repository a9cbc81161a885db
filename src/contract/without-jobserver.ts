/** What a shim does without a usable jobserver: words of the config, of a variable, and of tool files, which launchers read. */
export const withoutJobserver = [
  'pass', // runs the tool
  'error', // fails
  'machine', // takes a slot of the machine pool
] as const

export type WithoutJobserver = (typeof withoutJobserver)[number]
