/** What an expression of the source comes to as text for people: literal words as they are, what is filled in as a NAME. */
import ts from 'typescript'
import { environment } from './contract/environment.js'

/** What a parameter stands for, by its name, in one call of its function. */
export type Bound = ReadonlyMap<string, readonly string[]>

const unbound: Bound = new Map()

/** Returns all texts that it can come to: one for each branch. */
export function textsOf(expression: ts.Expression, bound: Bound = unbound): readonly string[] {
  const inner = (part: ts.Expression): readonly string[] => textsOf(part, bound)
  if (ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression))
    return inner(expression.expression)
  if (ts.isStringLiteralLike(expression)) return [expression.text]
  if (ts.isTemplateExpression(expression))
    return joined([
      [expression.head.text],
      ...expression.templateSpans.flatMap(span => [inner(span.expression), [span.literal.text]]),
    ])
  if (ts.isConditionalExpression(expression))
    return [...inner(expression.whenTrue), ...inner(expression.whenFalse)]
  if (ts.isBinaryExpression(expression)) return ofBinary(expression, inner)
  const variable = variableOf(expression)
  if (variable !== undefined) return [variable]
  if (ts.isIdentifier(expression)) return bound.get(expression.text) ?? constant(expression, bound)
  return [nameOf(expression)]
}

function ofBinary(
  { left, right, operatorToken: { kind } }: ts.BinaryExpression,
  inner: (part: ts.Expression) => readonly string[],
): readonly string[] {
  switch (kind) {
    case ts.SyntaxKind.PlusToken:
      return joined([inner(left), inner(right)])
    case ts.SyntaxKind.QuestionQuestionToken:
    case ts.SyntaxKind.BarBarToken:
      return [...inner(left), ...inner(right)]
    default:
      return [unnamed]
  }
}

const joined = (parts: readonly (readonly string[])[]): string[] =>
  parts.reduce<string[]>((before, part) => before.flatMap(head => part.map(tail => head + tail)), [''])

/** Returns what a constant of its block or file says; its NAME if that is no text. */
function constant(name: ts.Identifier, bound: Bound): readonly string[] {
  for (let scope: ts.Node = name; scope; scope = scope.parent) {
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue
    for (const statement of scope.statements) {
      if (!ts.isVariableStatement(statement)) continue
      const found = statement.declarationList.declarations.find(
        row => ts.isIdentifier(row.name) && row.name.text === name.text,
      )
      if (found?.initializer === undefined) continue
      const texts = textsOf(found.initializer, bound)
      return texts.some(isSaid) ? texts : [nameOf(name)]
    }
  }
  return [nameOf(name)]
}

const unnamed = '...'

/** Tells whether it has words of its own, beside what is filled in. */
export const isSaid = (text: string): boolean => /[a-z]{2}/.test(text)

/** What people call what these tell. */
const calledSo: Readonly<Record<string, string>> = {
  getSystemErrorName: 'CODE',
  systemErrorCode: 'CODE',
  stringify: '',
  shWord: '',
  visibleLine: '',
  visible: '',
  few: '',
}

/** Returns the NAME of what is filled in: the last name in the expression; of a call of `calledSo` that of its argument. */
export function nameOf(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return capitals(expression.text)
  if (ts.isPropertyAccessExpression(expression)) return nameOfProperty(expression)
  if (ts.isElementAccessExpression(expression)) return nameOf(expression.expression)
  if (ts.isNonNullExpression(expression)) return nameOf(expression.expression)
  if (!ts.isCallExpression(expression)) return unnamed
  const { expression: callee, arguments: given } = expression
  const name = ts.isIdentifier(callee)
    ? callee.text
    : ts.isPropertyAccessExpression(callee)
      ? callee.name.text
      : ''
  const known = Object.hasOwn(calledSo, name) ? calledSo[name] : undefined
  if (known) return known
  const [first] = given
  if (known === '' && first !== undefined) return nameOf(first)
  // A method makes another text of what it is called on: words.join(', ').
  return ts.isPropertyAccessExpression(callee) ? nameOf(callee.expression) : capitals(name)
}

function nameOfProperty(expression: ts.PropertyAccessExpression): string {
  const property = expression.name.text
  if (property === 'length') return 'N'
  return property === 'name' ? nameOf(expression.expression) : (variableOf(expression) ?? capitals(property))
}

/** Returns the variable that `names.X` stands for. */
function variableOf(expression: ts.Expression): string | undefined {
  if (!ts.isPropertyAccessExpression(expression) || !ts.isIdentifier(expression.expression)) return undefined
  const { text: table } = expression.expression
  const { text: row } = expression.name
  const isOurs = /^(?:names|namesOfVariables)$/.test(table) && Object.hasOwn(environment, row)
  return isOurs ? environment[row as keyof typeof environment] : undefined
}

const capitals = (name: string): string => name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()
