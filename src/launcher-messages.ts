/** The messages of the C programs, as their source has them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from './messages.js'

/** Returns those of all files of shims/. */
export function launcherMessages(root: string): Message[] {
  const files = readdirSync(join(root, 'shims'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.c') && !file.startsWith('build/'))
    .sort()
  return files.flatMap(file => messagesInC(`shims/${file}`, readFileSync(join(root, 'shims', file), 'utf8')))
}

/** What tells something. `takes`: which of its arguments is the text. */
const speakers: readonly { name: string; kind: Message['kind']; takes: number }[] = [
  { name: 'report', kind: 'shim', takes: 0 },
  { name: 'report_debug', kind: 'debug', takes: 0 },
  { name: 'refuse', kind: 'part', takes: -1 },
  { name: 'refuse_error', kind: 'part', takes: -1 },
]

/** Returns those of one file of C. */
export function messagesInC(at: string, source: string): Message[] {
  const found: Message[] = []
  const add = (kind: Message['kind'], offset: number, whole: string): void => {
    const [text = '', todo = ''] = whole.split('\n').map(line => line.trim())
    if (!/[a-z]{2}/.test(text)) return
    found.push({ kind, at, line: source.slice(0, offset).split('\n').length, text, todo, tells: '' })
  }
  for (const { name, kind, takes } of speakers)
    for (const { index } of source.matchAll(new RegExp(`(?<![\\w"])${name}\\(`, 'g'))) {
      const words = argumentsAt(source, index + name.length + 1)
      const [text = '', ...filled] = words.slice(takes)
      for (const branch of branchesOf(text)) add(kind, index, filledIn(branch, filled))
    }
  for (const match of source.matchAll(/\bwhy = ([^;]*);/g))
    for (const branch of branchesOf(match[1] ?? '')) add('part', match.index, branch)
  for (const match of source.matchAll(/\breturn ("[^;]*);/g))
    for (const branch of branchesOf(match[1] ?? ''))
      if (branch.includes(' ')) add('part', match.index, branch)
  return found.sort((a, b) => a.line - b.line)
}

/** Returns the arguments of a call, from behind its parenthesis. */
function argumentsAt(source: string, from: number): string[] {
  const words: string[] = ['']
  let depth = 0
  for (let at = from; at < source.length; at++) {
    const string = /^"(?:\\.|[^"\\])*"/s.exec(source.slice(at, at + 2000))?.[0]
    const letter = string ?? source[at] ?? ''
    if (letter === ')' && depth === 0) break
    if (letter === '(') depth++
    if (letter === ')') depth--
    if (letter === ',' && depth === 0) words.push('')
    else words.push((words.pop() ?? '') + letter)
    at += letter.length - 1
  }
  return words.map(word => word.trim())
}

/** Macros that a text begins with, by what they say. */
const macros: Readonly<Record<string, string>> = {
  NO_SANDBOX: 'no sandbox for this phase: %s: the shims keep its limit',
}

/** Returns each text of an expression: its string literals, those beside each other as one. */
function branchesOf(expression: string): string[] {
  const macro = macros[expression.trim()]
  if (macro !== undefined) return [macro]
  return [...expression.matchAll(/"(?:\\.|[^"\\])*"(?:\s*"(?:\\.|[^"\\])*")*/gs)].map(([literals]) =>
    [...literals.matchAll(/"((?:\\.|[^"\\])*)"/gs)]
      .map(([, text = '']) => text.replaceAll('\\n', '\n').replaceAll('\\"', '"').replaceAll('\\t', ' '))
      .join(''),
  )
}

/** Returns a format with the NAMEs of what is filled in. */
function filledIn(format: string, filled: readonly string[]): string {
  let next = 0
  return format.replace(/%(?:[-0-9.]*)(?:l|z)?[sdugxi]/g, () => nameIn(filled[next++] ?? ''))
}

// strerror(errno) is an error; run->real.path a path; a cast before it says nothing; constants are capitals already.
function nameIn(expression: string): string {
  if (expression.includes('strerror')) return 'ERROR'
  const literal = /"/.test(expression)
  const [last = ''] = literal ? [] : (expression.replace(/[()\][0-9]+$/g, '').match(/[A-Za-z_]+$/) ?? [])
  return last === '' ? '...' : last.replace(/^ENV_/, 'JOBSHIM_').toUpperCase()
}
