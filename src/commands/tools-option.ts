import { settingText } from '../config/options.js'
import { familyNames } from '../contract/families.js'
import type { CommandOption } from './command.js'

/** Which shims are made. */
export const toolsOption = {
  name: 'tools',
  kind: 'names',
  value: 'F,F',
  completes: { kind: 'choice', values: familyNames },
  text: settingText('tools'),
} as const satisfies CommandOption
