/** Options that several commands share. Their texts are the settings' own. */
import { settingText } from '../config/options.js'
import type { CommandOption } from './command.js'

export const configOptions = [
  {
    name: 'config',
    kind: 'text',
    value: 'F',
    completes: { kind: 'file' },
    text: 'read this config alone, not those in this directory, above it and in HOME',
  },
  { name: 'no-config', kind: 'switch', text: 'read no config' },
] as const satisfies readonly CommandOption[]

export const dirOption = {
  name: 'dir',
  kind: 'text',
  value: 'D',
  completes: { kind: 'directory' },
  text: `${settingText('dir')}`.replace('; in a config file relative to that file', ''),
} as const satisfies CommandOption

export const jsonOption = {
  name: 'json',
  kind: 'switch',
  text: 'print JSON',
} as const satisfies CommandOption

/** What most commands take. */
export const commonOptions: readonly CommandOption[] = [dirOption, ...configOptions, jsonOption]

export const rootOption = {
  name: 'root',
  kind: 'text',
  value: 'R',
  completes: { kind: 'directory' },
  text: 'root of the system whose /etc/portage and /usr/lib are changed (default: /)',
} as const satisfies CommandOption
