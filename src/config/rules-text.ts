/**
 * What tool runs may cost, as the launcher reads it: flat lines, `key=value`. What holds for all runs comes first, then
 * the rules, each from its line `rule=` on; a later one wins. Pure.
 */
import { createHash } from 'node:crypto'
import { parseSize } from '../ground/size.js'
import type { Policy, Rule } from './options.js'
import { supervisorPattern } from './path-pattern.js'

/** Returns the text; empty where the config says nothing of it. `cores`: what `1.5x` is a multiple of. */
export function renderRules(policy: Policy, cores: number): string {
  const { engine, load, pressure = {}, priority, reserve, rules = [] } = policy
  const general: Lines = [
    ['load', load === undefined ? undefined : absoluteLoad(load, cores).toFixed(2)],
    ['pressure-cpu', pressure.cpu],
    ['pressure-memory', pressure.memory],
    ['pressure-io', pressure.io],
    ['priority', priority],
    ['reserve', reserve],
    ['engine', engine],
  ]
  return [render(general), ...rules.map(renderRule)].join('')
}

type Lines = readonly (readonly [key: string, value: string | number | undefined])[]

const render = (lines: Lines): string =>
  lines.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}\n`])).join('')

const leastLoad = 0.01 // what two decimals can tell from none

const absoluteLoad = (load: number | string, cores: number): number =>
  typeof load === 'number' ? load : Math.max(leastLoad, Number.parseFloat(load) * cores)

function renderRule(rule: Rule, index: number): string {
  const text = render([
    ...(rule.tools ?? []).map(tool => ['tool', tool] as const),
    ['kind', rule.kind],
    ['package', rule.package],
    ['program', rule.program === undefined ? undefined : supervisorPattern(rule.program)],
    ['tokens', rule.tokens],
    ['memory', rule.memory === undefined ? undefined : memoryValue(rule.memory)],
    ['limit', rule.limit],
    ['priority', rule.priority],
    ['engine', rule.engine === false ? '' : rule.engine],
  ])
  return `rule=${idOf(`${index}\n${text}`)}\n${text}`
}

const memoryValue = (memory: number | string): number | string => {
  if (memory === 'learn') return memory
  return Math.ceil((typeof memory === 'number' ? memory : parseSize(memory)) / 1024)
}

// The launchers of all builds on one pool count a rule's runs by this number: the same rule at the same place has the
// same one everywhere. 0 stands for none.
const idOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32LE() || 1
