/** Trees of Autoconf's configure and of waf: both have written down how they were called, and are called so again. */
import { basename, dirname, join, resolve } from 'node:path'
import { shWord } from '../ground/shell-word.js'
import { shellWords } from '../ground/shell-words.js'
import { readSmallFile } from '../ground/small-file.js'
import { type BakedCommand, byCommand, type ConfiguredPlace } from './tree-advice.js'

const wordsOf = (text: string): string[] => text.split(/\s+/).filter(word => word !== '')

const withoutDirectory = ([first = '', ...rest]: readonly string[]): string =>
  [basename(first), ...rest].join(' ')

/**
 * Returns the commands of a config.status. LD is left out: libtool sets it to an absolute path whatever it is called with, and links
 * by CC.
 */
export function autoconfCommands(text: string, place: ConfiguredPlace): BakedCommand[] {
  const { directory, dirArgument } = place
  const [, source = '.'] = /^srcdir='(.*)'$/m.exec(text) ?? []
  const configure = source === '.' ? './configure' : join(source, 'configure')
  // A variable that the environment had is among the arguments, too. What configure has found itself it finds again.
  const words = argumentsOf(text).map(argument => {
    const [, name, value = ''] = /^(\w+)=(\/.*)$/s.exec(argument) ?? []
    return name === undefined || !place.goesPast(wordsOf(value))
      ? argument
      : `${name}=${withoutDirectory(wordsOf(value))}`
  })
  const again = `jobshim run${dirArgument} -- ${[configure, ...words].map(shWord).join(' ')}`
  const command = `(cd ${shWord(directory)} && ${again})`
  const advice = byCommand('tree-autoconf', 'configure it again below the shims', command)
  return [...text.matchAll(/^S\["(?!ac_ct_)(\w+)"\]="(\/.*)"$/gm)].flatMap(([, name = '', value = '']) =>
    name === 'LD' ? [] : [{ words: wordsOf(value), advice }],
  )
}

/** Returns the arguments of configure: a shell's words in one word of a shell, which may go over several lines. */
function argumentsOf(text: string): string[] {
  const [, quoted = ''] =
    /^ac_cs_config=((?:'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S]|[^\s'"\\])*)/m.exec(text) ?? []
  return shellWords(shellWords(quoted)[0] ?? '')
}

const highest = 32

/** Tells whether a config.status of this directory, or of one above it, makes the file (absolute). */
export function isMadeByConfigure(file: string): boolean {
  let directory = dirname(file)
  for (let height = 0; height < highest; height++) {
    const text = readSmallFile(join(directory, 'config.status'))
    if (text !== undefined && filesOf(text).some(made => resolve(directory, made) === file)) return true
    if (dirname(directory) === directory) return false
    directory = dirname(directory)
  }
  return false
}

function filesOf(text: string): string[] {
  const [, files = ''] = /^config_files="([^"]*)"$/m.exec(text) ?? []
  return wordsOf(files).map(file => file.replace(/:.*$/, ''))
}

/** Variables of waf by which it is told its tools; it finds the linkers by them. */
const wafVariables = ['AR', 'AS', 'CC', 'CXX', 'D', 'FC', 'JAVAC', 'NVCC']

/** Returns the commands of a c4che/_cache.py, a line for each value. */
export function wafCommands(text: string, place: ConfiguredPlace): BakedCommand[] {
  const { directory, dirArgument, goesPast } = place
  const values = [...text.matchAll(/^([A-Z]\w*) = (\[.*\])$/gm)].map(([, name = '', list = '']) => ({
    name,
    words: pythonTexts(list),
  }))
  const tools = values.filter(({ name }) => wafVariables.includes(name.replace(/^LINK_/, '')))
  const settings = tools
    .filter(({ name, words }) => wafVariables.includes(name) && goesPast(words))
    .map(({ name, words }) => `${name}=${shWord(withoutDirectory(words))} `)
  const { top, call } = wafCall(directory)
  const command = `(cd ${shWord(top)} && ${settings.join('')}jobshim run${dirArgument} -- ${call})`
  const advice = byCommand('tree-waf', 'configure it again below the shims', command)
  return tools.map(({ words }) => ({ words, advice }))
}

/** Returns how waf was called, by its lock file in the directory that it builds in. */
function wafCall(directory: string): { top: string; call: string } {
  const lock = readSmallFile(join(directory, '.lock-waf_linux_build')) ?? ''
  const [, list = ''] = /^argv = (\[.*\])$/m.exec(lock) ?? []
  const [, top = ''] = /^run_dir = (.*)$/m.exec(lock) ?? []
  const words = pythonTexts(list)
  return {
    top: pythonTexts(top)[0] ?? dirname(directory),
    call: ['python3', ...(words.length > 0 ? words : ['./waf', 'configure'])].map(shWord).join(' '),
  }
}

/** Returns the texts that stand in a line of Python. */
const pythonTexts = (line: string): string[] =>
  [...line.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)].map(([, single, double]) =>
    (single ?? double ?? '').replace(/\\(.)/g, '$1'),
  )
