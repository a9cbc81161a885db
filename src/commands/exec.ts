import { spawn } from 'node:child_process'
import { loadSettings } from '../config/load.js'
import { dieOf, endOf, forwardSignals } from '../ground/child.js'
import { exitCodes } from '../ground/exit-codes.js'
import { Failure } from '../ground/failure.js'
import { inheritedDescriptors } from '../ground/inherited.js'
import { usableLauncher } from '../shimdir/ensure.js'
import { command } from './command.js'
import { configOptions, dirOption } from './setting-options.js'

export const exec = command({
  name: 'exec',
  summary: 'run one tool under a token',
  operands: '-- TOOL ARGS...',
  options: [dirOption, ...configOptions],
  notes:
    'DIR/.jobshim/launcher -- TOOL ARGS... does the same without starting Node: that is the quick way for ' +
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
    const child = spawn(launcher, ['--', ...operands], {
      stdio: ['inherit', 'inherit', 'inherit', ...inheritedDescriptors()],
    })
    forwardSignals(child)
    const end = await endOf(child)
    return end.kind === 'exited' ? end.status : await dieOf(end.signal)
  },
})
