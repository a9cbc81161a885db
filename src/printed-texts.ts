/** Texts that commands print by themselves, or put into a line: each literal that reads as a sentence and is no name of a kind. */
import ts from 'typescript'
import { textsOf } from './message-texts.js'

/** Properties that hold no text of these: help has a page of its own, errors are read elsewhere, a kind is a name. */
const otherProperties: ReadonlySet<string> = new Set([
  'advice',
  'examples',
  'fix',
  'hint',
  'kind',
  'name',
  'notes',
  'options',
  'summary',
  'what',
  'why',
])

/** Returns those of one file, with where each begins. */
export function printedTexts(file: ts.SourceFile): { text: string; offset: number }[] {
  const found: { text: string; offset: number }[] = []
  const visit = (node: ts.Node): void => {
    if (isElsewhere(node)) return
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateExpression(node))
      return void ts.forEachChild(node, visit)
    const texts = textsOf(node).map(text =>
      text
        .replace(/\s+/g, ' ')
        .trim()
        .replace(/^jobshim: /, ''),
    )
    for (const text of texts) if (isSentence(text)) found.push({ text, offset: node.getStart() })
  }
  visit(file)
  return found
}

const isSentence = (text: string): boolean =>
  /[a-z]{2,} (?:[a-z]+ )*[a-z]{2,}/.test(text) && text.split(' ').length > 2

function isElsewhere(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isTypeAliasDeclaration(node) || ts.isImportDeclaration(node)) return true
  if (ts.isNewExpression(node)) return /^(?:Failure|Error)$/.test(node.expression.getText())
  if (ts.isPropertyAssignment(node)) return ts.isIdentifier(node.name) && otherProperties.has(node.name.text)
  return false
}
