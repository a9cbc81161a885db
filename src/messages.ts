/** Every message that a person can see, as the source has it. Read for docs/messages.md, and for the test of it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { bypassReasons } from './contract/bypass-reasons.js'
import { exitCodes } from './ground/exit-codes.js'
import { launcherMessages } from './launcher-messages.js'
import { type Bound, isSaid, nameOf, textsOf } from './message-texts.js'
import { printedTexts } from './printed-texts.js'

/**
 * How it is told: an error ends a command, a line is told beside its output, a check is a row of doctor, a shim's line precedes or replaces a tool,
 * and so does a debug line with JOBSHIM_DEBUG=1; a part is filled into others; a bypass is why a tool took no slot; any other text is
 * printed as a command's own output, or stands in such a line.
 */
export type Kind = 'error' | 'line' | 'check' | 'shim' | 'debug' | 'part' | 'bypass' | 'text'

export type Message = {
  kind: Kind
  at: string // the file, below the repository
  line: number
  text: string
  todo: string // empty: nothing is to be done
  tells: string // an error's exit status, a check's row and state
}

/** Files whose `what` and `why` are for readers of the source, each with what these are. */
const notSaid: Readonly<Record<string, string>> = {
  'bypass/build-systems.ts': 'why a build system is in the table',
  'tools/engine.ts': 'why an engine is in the table',
  'prebuild.ts': 'for those who make the package',
  'built.ts': 'for those who build it',
  'generate.ts': 'prints nothing',
  'launcher-messages.ts': 'reads messages',
  'messages.ts': 'reads messages',
  'message-texts.ts': 'reads messages',
  'message-page.ts': 'draws the page',
  'printed-texts.ts': 'reads messages',
}

/** Folders that hold none, each with the reason. */
const foldersWithout: Readonly<Record<string, string>> = {
  'contract/': 'tables that are read by their own names',
  'timeline/page/': 'what the browser draws',
}

/** Returns all of them, file by file. */
export function readMessages(root: string): Message[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !(file in notSaid))
    .filter(file => !Object.keys(foldersWithout).some(folder => file.startsWith(folder)))
    .sort()
  const ofCommands = files.flatMap(file =>
    messagesIn(`src/${file}`, readFileSync(join(root, 'src', file), 'utf8')),
  )
  return [...ofCommands, ...launcherMessages(root), ...bypasses()]
}

const bypasses = (): Message[] =>
  Object.values(bypassReasons).map(({ why, fix }) => ({
    ...{ kind: 'bypass', at: 'src/contract/bypass-reasons.ts', line: 0 },
    ...{ text: why, todo: fix, tells: '' },
  }))

/** Returns those of one file of TypeScript. */
export function messagesIn(at: string, source: string): Message[] {
  const file = ts.createSourceFile(at, source, ts.ScriptTarget.Latest, true)
  const found: Message[] = []
  const visit = (node: ts.Node): void => {
    const row = speakerOf(node, at)
    if (row !== undefined)
      for (const bound of callsOf(row.said, file)) {
        const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1
        for (const said of row.messages(bound))
          if (said.kind === 'error' || isSaid(said.text)) found.push({ at, line, ...said })
      }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return isPrinting(at) ? [...found, ...printed(file, found)] : found
}

/** Places of texts that are no messages, each with what they are. */
const notPrinted: Readonly<Record<string, string>> = {
  'src/commands/completion': 'shell scripts',
  'src/commands/json-page.ts': 'docs/json.md',
  'src/commands/man-': 'the man page',
  'src/commands/overview.ts': 'help',
  'src/commands/setting-options.ts': 'help',
  'src/commands/shell-switch.ts': 'help',
  'src/commands/shape': 'docs/json.md',
  'src/commands/timeline-shapes.ts': 'docs/json.md',
  'src/config/': 'the schema, for editors and the man page',
  'src/bypass/tree-advice.ts': 'reasons of a table',
  'src/doctor/advice.ts': 'reasons of a table',
  'src/doctor/repairs.ts': 'reasons of a table',
  'src/ground/exit-codes.ts': 'the man page',
  'src/setup/shells.ts': 'lines of rc files',
  'src/setup/system-files.ts': 'files of services',
  'src/timeline/': 'what a picture shows',
}

const isPrinting = (at: string): boolean => !Object.keys(notPrinted).some(place => at.startsWith(place))

/** Returns the texts of a file that no other message has. */
function printed(file: ts.SourceFile, others: readonly Message[]): Message[] {
  const known = others.flatMap(({ text, todo }) => [text, todo]).join('\n')
  return printedTexts(file)
    .filter(({ text }) => !known.includes(text))
    .map(({ text, offset }) => ({
      ...{ kind: 'text', at: file.fileName, line: file.getLineAndCharacterOfPosition(offset).line + 1 },
      ...{ text, todo: '', tells: '' },
    }))
}

type Said = Omit<Message, 'at' | 'line'>

/** A call that tells something. `said`: the expressions of it. */
type Speaker = { said: readonly ts.Expression[]; messages(bound: Bound): Said[] }

function speakerOf(node: ts.Node, at: string): Speaker | undefined {
  if (ts.isNewExpression(node) && named(node.expression, 'Failure')) return ofFailure(node.arguments ?? [])
  if (ts.isPropertyAssignment(node)) return ofPart(node, at)
  if (!ts.isCallExpression(node)) return undefined
  if (at.startsWith('src/doctor/')) return ofCheck(node)
  const [said] = node.arguments
  if (said === undefined || !['note', 'say'].some(name => named(node.expression, name))) return undefined
  return {
    said: [said],
    messages: bound =>
      textsOf(said, bound).map(text => ({
        kind: 'line',
        text: text.replace(/^jobshim: /, '').replace(/\s+/g, ' '),
        todo: '',
        tells: '',
      })),
  }
}

const named = (expression: ts.Expression, name: string): boolean =>
  ts.isIdentifier(expression) && expression.text === name

function ofFailure([text, todo, code]: readonly ts.Expression[]): Speaker | undefined {
  if (text === undefined) return undefined
  const said = [text, ...(todo === undefined ? [] : [todo])]
  return {
    said,
    messages: bound =>
      pairs(textsOf(text, bound), todo === undefined ? [''] : textsOf(todo, bound)).map(
        ([words, advice]) => ({
          ...{ kind: 'error', text: words, todo: advice, tells: statusOf(code) },
        }),
      ),
  }
}

function statusOf(code: ts.Expression | undefined): string {
  if (code === undefined || named(code, 'undefined')) return String(exitCodes.failed)
  const name = ts.isPropertyAccessExpression(code) ? code.name.text : ''
  return Object.hasOwn(exitCodes, name) ? String(exitCodes[name as keyof typeof exitCodes]) : "its command's"
}

// Branches of both go together if there are as many.
const pairs = (texts: readonly string[], todos: readonly string[]): (readonly [string, string])[] =>
  texts.length === todos.length
    ? texts.map((text, number) => [text, todos[number] ?? ''] as const)
    : texts.flatMap(text => [[text, [...new Set(todos)].join('; or: ')] as const])

/** Names of properties that hold what is filled into messages, with what is to be done beside them. */
const partNames = ['what', 'why'] as const
const todoNames = ['fix', 'hint', 'advice'] as const

function ofPart({ name, initializer, parent }: ts.PropertyAssignment, at: string): Speaker | undefined {
  const property = (key: string): ts.Expression | undefined =>
    parent.properties
      .filter(ts.isPropertyAssignment)
      .find(row => ts.isIdentifier(row.name) && row.name.text === key)?.initializer
  if (!ts.isIdentifier(name) || !partNames.some(key => key === name.text)) return undefined
  // Of a row of checks it is why the check is there.
  if (parent.properties.some(row => row.name && ts.isIdentifier(row.name) && row.name.text === 'judge'))
    return undefined
  if (at === 'src/doctor/system.ts') return undefined
  const todo = todoNames.map(property).find(value => value !== undefined)
  return {
    said: [initializer],
    messages: bound =>
      textsOf(initializer, bound).map(text => ({
        ...{
          kind: 'part',
          text,
          todo: todo === undefined ? '' : textsOf(todo, bound).join('; or: '),
          tells: '',
        },
      })),
  }
}

const states = ['ok', 'note', 'broken'] as const

function ofCheck({ expression, arguments: [text, advice], parent }: ts.CallExpression): Speaker | undefined {
  const state = states.find(name => named(expression, name))
  if (state === undefined || text === undefined) return undefined
  const row = rowAbove(parent)
  return {
    said: [text],
    messages: bound =>
      textsOf(text, bound).map(words => ({
        ...{ kind: 'check', text: words, todo: adviceOf(advice), tells: `${row}: ${state}` },
      })),
  }
}

/** Returns what an advice says: byHand(id, fix), byCommand(id, command, what), or the NAME of one made elsewhere. */
function adviceOf(advice: ts.Expression | undefined): string {
  if (advice === undefined) return ''
  if (ts.isConditionalExpression(advice))
    return [advice.whenTrue, advice.whenFalse].map(adviceOf).join('; or: ')
  if (!ts.isCallExpression(advice)) return nameOf(advice)
  const [, first, what] = advice.arguments
  if (first === undefined) return nameOf(advice)
  const command = textsOf(first).join('; or: ')
  return what === undefined ? command : `${textsOf(what).join('; or: ')}: ${command}`
}

/** Returns the name of the check that this belongs to. */
function rowAbove(node: ts.Node): string {
  for (let above: ts.Node = node; above; above = above.parent) {
    if (!ts.isObjectLiteralExpression(above)) continue
    for (const row of above.properties)
      if (ts.isPropertyAssignment(row) && row.name.getText() === 'name')
        return textsOf(row.initializer).join()
  }
  return 'any'
}

/** Returns what the parameters stand for in each call of the function around it, if one of these has words for a parameter. */
function callsOf(said: readonly ts.Expression[], file: ts.SourceFile): Bound[] {
  const around = said[0] && functionAround(said[0])
  const parameters = around?.parameters.map(({ name }) => (ts.isIdentifier(name) ? name.text : '')) ?? []
  const isUsed = said.some(part => parameters.some(name => name !== '' && uses(part, name)))
  const name = around && nameOfFunction(around)
  if (!isUsed || name === undefined) return [new Map()]
  const calls: Bound[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && named(node.expression, name)) {
      const bound = node.arguments.flatMap((given, number): [string, readonly string[]][] => {
        const texts = textsOf(given)
        return texts.some(isSaid) ? [[parameters[number] ?? '', texts]] : []
      })
      calls.push(new Map(bound))
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return calls.some(({ size }) => size > 0) ? calls : [new Map()]
}

function uses(node: ts.Node, name: string): boolean {
  return (
    (ts.isIdentifier(node) && node.text === name) ||
    (ts.forEachChild(node, child => uses(child, name)) ?? false)
  )
}

function functionAround(node: ts.Node): ts.FunctionDeclaration | ts.ArrowFunction | undefined {
  for (let above: ts.Node = node; above; above = above.parent)
    if (
      ts.isFunctionDeclaration(above) ||
      (ts.isArrowFunction(above) && ts.isVariableDeclaration(above.parent))
    )
      return above
  return undefined
}

function nameOfFunction(around: ts.FunctionDeclaration | ts.ArrowFunction): string | undefined {
  if (ts.isFunctionDeclaration(around)) return around.name?.text
  const { parent } = around
  return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) ? parent.name.text : undefined
}
