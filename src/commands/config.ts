import { type ExplainedSetting, explainSettings, type Origin } from '../config/origins.js'
import { renderColumns } from '../ground/columns.js'
import { exitCodes } from '../ground/exit-codes.js'
import { renderJson } from '../ground/json.js'
import { print } from '../ground/print.js'
import { command } from './command.js'
import { commonOptions } from './setting-options.js'

export const config = command({
  name: 'config',
  summary: 'print each setting, its value, and where that comes from',
  options: commonOptions,
  notes:
    'What the nearest config does not say, that of your home directory says. ' +
    'These are the settings that jobshim install and jobshim run read here. Shims have those of the last jobshim install: ' +
    'after a change of the config run it again.',
  examples: [
    { line: 'jobshim config', text: 'which limit a build here would have, and why' },
    { line: 'jobshim config --json', text: 'the same for programs' },
  ],
  async run({ flags, workingDirectory, environment }) {
    const { json, ...named } = flags
    const { configFile, settings } = await explainSettings(named, workingDirectory, environment)
    print(
      json
        ? `${renderJson({ ...(configFile !== undefined && { configFile }), settings: settings.map(asJson) })}\n`
        : renderColumns(settings.map(setting => [setting.key, shown(setting), originOf(setting)])),
    )
    return exitCodes.ok
  },
})

/** In JSON a value is a text, too: its type is that of the setting. */
const asJson = ({ value, ...others }: ExplainedSetting) => ({
  ...others,
  ...(value !== undefined && { value: asText(value) }),
})

const shown = ({ value, text }: ExplainedSetting): string => (value === undefined ? text : asText(value))

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function originOf(origin: Origin): string {
  switch (origin.from) {
    case 'flag':
    case 'environment':
      return origin.name
    case 'file':
      return origin.path
    case 'default':
      return 'default'
  }
}
