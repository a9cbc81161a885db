/** `.jobshim/wanted`: what shims a dir is to have, whatever PATH has of it, and what they are told. Install writes it down. */
import { adapterOf } from '../contract/adapters.js'
import { defaultFamilies, type FamilyName, familyOf, isFamily } from '../contract/families.js'
import { ledgerLayout } from '../contract/ledger-layout.js'
import type { WithoutJobserver } from '../contract/without-jobserver.js'

export type ShimWishes = {
  tools: readonly string[] | undefined // undefined: the default families, those on PATH
  adapters: readonly string[] // names; those on PATH, also with a version behind them
  join: boolean | undefined
  noJobserver: WithoutJobserver | undefined
  machineJobs: number // slots of the machine's pool
  patience: number | undefined // seconds
  rulesText: string // for the launcher; empty = none
}

export type Wish = {
  families: readonly FamilyName[]
  adapters: readonly string[]
  join: boolean // for what has an adapter
  settings: string // lines of all tool files
}

/** What is written down; `none`: by an older version; `damaged`: by nobody, or something stands there that is no file. */
export type WishState = { kind: 'none' } | { kind: 'good'; wish: Wish } | { kind: 'damaged' }

/** Returns what is to be written down. A tool that was asked for by its name is none of a family. */
export const wishOf = (wishes: ShimWishes): Wish => ({
  families: wishes.tools === undefined ? defaultFamilies : [...new Set(wishes.tools.filter(isFamily))].sort(),
  adapters: [...new Set(wishes.adapters)].sort(),
  join: wishes.join === true,
  settings: settingLines(wishes),
})

/** Tells whether a program of this name is to have a shim. */
export const isWished = ({ families, adapters }: Wish, name: string): boolean =>
  families.some(family => family === familyOf(name)) || adapters.includes(adapterOf(name)?.name ?? name)

function settingLines({ noJobserver, machineJobs, patience, rulesText }: ShimWishes): string {
  const values = {
    'no-jobserver': noJobserver === 'pass' ? undefined : noJobserver,
    jobs: noJobserver === 'machine' ? machineJobs : undefined,
    patience,
    rules: rulesText === '' ? undefined : 1, // else the launcher looks for none
  } satisfies { [Key in SettingKey]: unknown }
  return settingKeys.flatMap(key => (values[key] === undefined ? [] : [`${key}=${values[key]}\n`])).join('')
}

const settingKeys = ['no-jobserver', 'jobs', 'patience', 'rules'] as const
type SettingKey = (typeof settingKeys)[number]

const head = ledgerLayout.wantedFileHead // an empty file, or a foreign one, wants nothing to be known

/** Returns the text. */
export function renderWish({ families, adapters, join, settings }: Wish): string {
  const lines = [
    ...(join ? ['join=1\n'] : []),
    ...families.map(family => `family=${family}\n`),
    ...adapters.map(name => `adapter=${name}\n`),
  ]
  const text = `${head}${settings}${lines.join('')}`
  if (text.length >= ledgerLayout.wantedFileMax) throw new Error('too much is wanted for a file')
  return text
}

/** Returns what a text says, or undefined where it is not one of ours. Keys, and families, of later versions are passed over. */
export function parseWish(text: string): Wish | undefined {
  if (!text.startsWith(head)) return undefined
  const entries = [...text.slice(head.length).matchAll(/^([\w-]+)=(.*)\n/gm)]
  const valuesOf = (wanted: string): string[] =>
    entries.flatMap(([, key, value = '']) => (key === wanted ? [value] : []))
  return {
    families: valuesOf('family').filter(isFamily),
    adapters: valuesOf('adapter'),
    join: valuesOf('join').includes('1'),
    settings: entries.flatMap(([line, key]) => (settingKeys.some(own => own === key) ? [line] : [])).join(''),
  }
}
