/** What a launcher can be asked for in place of a tool, as `launcher --OPTION WORDS`. A census looks at these: one that only looks takes
 * and gives no token. */
export type LauncherOption = {
  option: string
  words: number // behind it; less than 0: so many or more
  onlyLooks: boolean
}

export const launcherOptions: readonly LauncherOption[] = [
  { option: '--look', words: 0, onlyLooks: true },
  { option: '--census', words: 0, onlyLooks: true },
  { option: '--lost', words: 0, onlyLooks: true },
  { option: '--reclaim', words: 0, onlyLooks: false },
  { option: '--ready', words: 0, onlyLooks: true },
  { option: '--about', words: 0, onlyLooks: true },
  { option: '--bottom-line', words: 0, onlyLooks: true },
  { option: '--freshen', words: 0, onlyLooks: true },
  { option: '--prepare', words: 1, onlyLooks: true },
  { option: '--lock', words: 0, onlyLooks: true },
  { option: '--fill', words: 1, onlyLooks: true },
  { option: '--tend', words: 0, onlyLooks: true },
  { option: '--pay', words: 3, onlyLooks: false },
  { option: '--start', words: -3, onlyLooks: true },
  { option: '--tell-past', words: 1, onlyLooks: true },
]
