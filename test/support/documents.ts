import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MarkedToken, marked, type Token, type Tokens } from 'marked'
import { type ParseEntry, parse } from 'shell-quote'
import * as assert from 'uvu/assert'
import { repository } from './workspace.js'

/** A page that people read. */
export type Document = {
  path: string // relative to the repository
  code: readonly string[] // lines of code blocks, and what stands in backticks
  blocks: readonly Block[]
  tables: readonly Table[]
  links: readonly string[]
  sections: readonly string[] // what stands behind a `#` in a link to each of its headings
}

/** What stands between fences: what people type or copy, or what a program prints, which has no language. */
export type Block = { language: string; text: string }

export type Table = { head: readonly string[]; rows: readonly (readonly string[])[] } // as they are shown

/** Returns README.md and docs/*.md. */
export function readDocuments(): Document[] {
  const pages = readdirSync(join(repository, 'docs')).filter(name => name.endsWith('.md'))
  return ['README.md', ...pages.map(name => `docs/${name}`)].map(readDocument)
}

/** The only block of a page that begins so, for a test that does what it says: test/docs/followed reads these calls. */
export function blockOf(path: string, begins: string): string {
  const [found, ...others] = readDocument(path).blocks.filter(({ text }) => text.startsWith(begins))
  assert.ok(found !== undefined && others.length === 0, `${path}: ${begins}`)
  return found.text
}

function readDocument(path: string): Document {
  const code: string[] = []
  const blocks: Block[] = []
  const tables: Table[] = []
  const links: string[] = []
  const sections: string[] = []
  marked.walkTokens(marked.lexer(readFileSync(join(repository, path), 'utf8')), (token: Token) => {
    const known = token as MarkedToken
    if (known.type === 'code') {
      code.push(...known.text.replaceAll('\\\n', ' ').split('\n'))
      blocks.push({ language: known.lang ?? '', text: known.text })
    }
    if (known.type === 'codespan') code.push(known.text)
    if (known.type === 'link') links.push(known.href)
    if (known.type === 'table') tables.push(tableOf(known))
    if (known.type === 'heading') sections.push(sectionOf(known.text))
  })
  return { path, code, blocks, tables, links, sections }
}

// As GitHub names a heading.
const sectionOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

const tableOf = ({ header, rows }: Tokens.Table): Table => ({
  head: header.map(shown),
  rows: rows.map(row => row.map(shown)),
})

const shown = ({ tokens }: Tokens.TableCell): string =>
  tokens.map(token => ('text' in token ? String(token.text) : token.raw)).join('')

/** Returns the words behind each `jobshim` that a line of a shell calls. */
export function callsIn(line: string): string[][] {
  const inner = [...line.matchAll(/\$\(([^()]*)\)/g)].flatMap(([, text = '']) => callsIn(text))
  const calls: string[][] = []
  let call: string[] | undefined
  for (const entry of parse(line.replace(/"?\$\([^()]*\)"?/g, ' '), name => `$${name}`)) {
    const word = wordOf(entry)
    if (word === undefined) call = undefined
    else if (call !== undefined) call.push(word)
    else if (['jobshim', 'bin/jobshim.js'].includes(word)) {
      call = []
      calls.push(call)
    }
  }
  return [...calls, ...inner]
}

// A pattern is a word; an operator or a comment ends the words of a call.
function wordOf(entry: ParseEntry): string | undefined {
  if (typeof entry === 'string') return entry
  return 'op' in entry && entry.op === 'glob' ? entry.pattern : undefined
}
