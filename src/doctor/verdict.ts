/** What a check comes to. */
import type { Advice, AdviceId } from './advice.js'

export type Verdict =
  | { state: 'ok'; text: string }
  | { state: 'note'; text: string; fix?: string; advice?: AdviceId; command?: string } // governed all the same, or not to be told
  | { state: 'broken'; text: string; fix: string; advice: AdviceId; command?: string } // something runs past the limit, or can't run

export type Check = { name: string } & Verdict

/** A row of a table of checks: `judge` looks at nothing but the facts. It may find several things, each with a fix of its own. */
export type CheckRow<Facts> = {
  name: string
  why: string // that it is looked at
  needs?: 'shims' // in a sandbox it does not matter
  judge(facts: Facts): Verdict | readonly Verdict[]
}

/** Returns what a table comes to whose facts could not be gathered. */
export const unknownAll = <Facts>(rows: readonly CheckRow<Facts>[], why: string): Check[] =>
  rows.map(({ name }) => ({ name, state: 'note', text: `not looked at: ${why}` }))

/** Where we are: in a sandbox, or where a build can have one, or neither. */
export type SandboxStanding = 'inside' | 'possible' | 'none'

/** Returns the verdicts of a table. */
export const judgeAll = <Facts>(
  rows: readonly CheckRow<Facts>[],
  facts: Facts,
  sandbox: SandboxStanding = 'none',
): Check[] =>
  rows.flatMap(({ name, needs, judge }) =>
    (needs === 'shims' && sandbox === 'inside' ? [ofNoMatter] : [judge(facts)].flat()).map(verdict => ({
      name,
      ...(needs === 'shims' && sandbox === 'possible' ? sandboxFirst(verdict) : verdict),
    })),
  )

const ofNoMatter: Verdict = { state: 'ok', text: 'of no matter in a sandbox' }

// What goes past the shims does not go past a sandbox.
const sandboxFirst = (verdict: Verdict): Verdict =>
  verdict.state === 'broken'
    ? { ...verdict, fix: `jobshim run --sandbox -- CMD; for shims: ${verdict.fix}` }
    : verdict

export const ok = (text: string): Verdict => ({ state: 'ok', text })
export const note = (text: string, advice?: Advice): Verdict =>
  advice === undefined ? { state: 'note', text } : { state: 'note', text, ...said(advice) }
export const broken = (text: string, advice: Advice): Verdict => ({ state: 'broken', text, ...said(advice) })

const said = ({ id, fix, command }: Advice): { fix: string; advice: AdviceId; command?: string } =>
  command === undefined ? { fix, advice: id } : { fix, advice: id, command }

/** Returns the first few of many, for a line. */
export function few(names: readonly string[], most = 6): string {
  const rest = names.length - most
  return rest > 1 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ')
}
