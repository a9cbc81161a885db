import { chmodSync, cpSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addTools, pathOf } from '../support/patient.js'
import { test } from '../support/test-with.js'
import { makeWorkspace, repository } from '../support/workspace.js'
import { advised, commandsIn, type Sick } from './advised.js'

/** A copy of the package, as somebody has it who installed it from a tarball, and a shell that finds nothing but it and these tools. */
function makePackage(tools: readonly string[]): { home: string; sick: Sick } {
  const root = realpathSync(makeWorkspace())
  const home = join(root, 'package')
  for (const path of ['bin', 'dist/bundle', 'shims', 'package.json'])
    cpSync(join(repository, path), join(home, path), { recursive: true })
  const bin = commandsIn(root, home)
  const few = join(root, 'few')
  addTools(few, Object.fromEntries(['sh', 'true', ...tools].map(name => [name, pathOf(name)])))
  const runtime = join(root, 'run')
  mkdirSync(runtime, { mode: 0o700 })
  const env = {
    PATH: `${bin}:${few}`,
    HOME: root,
    XDG_DATA_HOME: join(root, 'data'),
    XDG_RUNTIME_DIR: runtime,
    JOBSHIM_DIR: join(root, 'shims'),
  }
  return { home, sick: { row: 'launcher', work: root, env } }
}

/** What `make -C shims` starts. */
const compilers = [
  'make',
  'cc',
  'gcc',
  'as',
  'ld',
  'ln',
  'mkdir',
  'mv',
  'rm',
  'cat',
  'cmp',
  'sed',
  'dirname',
  'basename',
]

const foreign = `\u007fELF\u0001\u0001${'\0'.repeat(40)}`

advised('launcher-unbuilt', 'the package was packed on another machine', () => {
  const { home, sick } = makePackage(compilers)
  for (const name of ['launcher', 'look']) {
    const program = join(home, 'shims/build', name)
    writeFileSync(program, foreign)
    chmodSync(program, 0o755)
  }
  return sick
})
advised('launcher-unbuilt', 'the package came without a launcher', () => {
  const { home, sick } = makePackage(compilers)
  rmSync(join(home, 'shims/build'), { recursive: true })
  return sick
})
advised('launcher-tools', 'no compiler, and no launcher', () => {
  const { home, sick } = makePackage([])
  rmSync(join(home, 'shims/build'), { recursive: true })
  const tools = join(sick.work, 'few')
  return {
    ...sick,
    byHand() {
      addTools(tools, Object.fromEntries(compilers.map(name => [name, pathOf(name)])))
      return { first: 'jobshim install >&2' }
    },
  }
})
advised(
  'launcher-slow',
  'the launcher is linked with the shared libc',
  () => {
    const { home, sick } = makePackage([...compilers, 'musl-gcc'])
    const out = join(home, 'shims/build/launcher')
    const first = `test -e '${sick.work}/built' || { make -s -B -C '${home}/shims' OUT='${out}' COMPILERS=cc '${out}' && jobshim install && : >'${sick.work}/built'; } >&2`
    const env = { ...sick.env, REALGCC: 'gcc' } // which Debian's musl-gcc calls by a name with the machine's
    return { ...sick, env, row: 'launcher build', first }
  },
  { may: () => hasMusl() },
)

function hasMusl(): boolean {
  try {
    return pathOf('musl-gcc') !== ''
  } catch {
    return false
  }
}

test.run()
