import { loadSettings } from '../config/load.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { passedDescriptors } from '../ground/inherited.js'
import { commandOf } from '../launcher/closed-descriptors.js'
import { endLike, runInForeground } from '../launcher/foreground.js'
import { usableLauncher, usableLook } from '../shimdir/ensure.js'
import { command } from './command.js'
import { configOptions, dirOption } from './setting-options.js'

export const exec = command({
  name: 'exec',
  summary: 'run one tool in a slot',
  operands: '-- TOOL ARGS...',
  completes: { kind: 'command' },
  options: [dirOption, ...configOptions],
  notes:
    'DIR/.jobshim/launcher -- TOOL ARGS... does the same without starting Node: use it for ' +
    'CCACHE_PREFIX, CMAKE_C_COMPILER_LAUNCHER, RUSTC_WRAPPER and go build -toolexec.',
  examples: [
    { line: 'jobshim exec -- protoc --cpp_out=. a.proto', text: 'a tool that has no shim' },
    { line: 'jobshim exec -- ./generate-tables', text: 'a program of your own' },
  ],
  failure: exitCodes.jobshim,
  usage: exitCodes.jobshim,
  async run({ flags, operands, workingDirectory, environment }) {
    if (operands.length === 0)
      throw new Failure('exec: no tool named', 'jobshim exec -- TOOL ARGS...', exitCodes.usage)
    const { dir } = await loadSettings(flags, workingDirectory, environment)
    const launcher = await usableLauncher(dir, environment)
    const look = await usableLook(dir, environment)
    const command = await commandOf(look, launcher, ['--', ...operands])
    return await endLike(await runInForeground(command, passedDescriptors(), environment))
  },
})
