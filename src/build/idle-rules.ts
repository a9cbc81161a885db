/** What the rules ask and a build does not get, since its tools come by the other door: by shims, or in a sandbox. */
import { environment as names } from '../contract/environment.js'
import { ledgerLayout } from '../contract/ledger-layout.js'
import { readSmallFile } from '../ground/small-file.js'
import { layoutOf } from '../shimdir/layout.js'

type Environment = Readonly<Record<string, string | undefined>>

type Row = {
  door: 'shims' | 'sandbox'
  isAsked: (rules: string, environment: Environment) => boolean
  text: string
}

const rows: readonly Row[] = [
  {
    door: 'shims',
    isAsked: rules => /^program=/m.test(rules),
    text: 'without --sandbox the rules for a program do nothing',
  },
  {
    door: 'sandbox',
    isAsked: (rules, environment) => {
      const named = environment[names.engine] ?? environment[names.launcher]
      return named === undefined ? /^(engine|launcher)=./m.test(rules) : named !== ''
    },
    text: 'in a sandbox no engine is put before a compiler: the build has to call it',
  },
  {
    door: 'sandbox',
    isAsked: rules => /^memory=learn$/m.test(rules),
    text: 'in a sandbox memory: learn learns nothing: it goes by what runs without one have needed',
  },
]

/** Returns a line for each. `rulesText`: of the build's config; empty: those around it hold, or those of the shim dir. */
export function idleRules(
  { dir, rulesText }: { dir: string; rulesText: string },
  environment: Environment,
  isSandboxed: boolean,
): string[] {
  const rules =
    rulesText ||
    readSmallFile(environment[names.rules] || layoutOf(dir).rules, ledgerLayout.rulesFileMax - 1) ||
    ''
  return rows
    .filter(({ door, isAsked }) => (door === 'sandbox') === isSandboxed && isAsked(rules, environment))
    .map(({ text }) => text)
}
