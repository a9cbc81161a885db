/** A workspace of crates that take rustc about half a second each, and need nothing from a registry. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const count = 8 // of crates that wait for no other one
const parts = 6 // of a crate: types whose derived code, and maps of which, are made anew

const part = (number: number, factor: number): string => `
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row${number} { pub name: String, pub words: Vec<(u64, String)>, pub next: Option<Box<Row${number}>> }

pub fn rows${number}(lines: &[&str]) -> BTreeMap<String, Vec<Row${number}>> {
    let mut rows: BTreeMap<String, Vec<Row${number}>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let words: Vec<(u64, String)> = line
            .split(',')
            .filter(|word| !word.is_empty())
            .map(|word| (word.len() as u64 * ${number + factor}, word.trim().to_uppercase()))
            .collect();
        let name = words.iter().map(|(size, word)| format!("{size}:{word:?}")).collect::<Vec<_>>().join("/");
        let key = line.chars().rev().take(at % 7).collect();
        rows.entry(key).or_default().push(Row${number} { name, words, next: None });
    }
    for row in rows.values_mut() {
        row.sort();
        row.dedup_by(|a, b| a.name == b.name);
    }
    rows
}
`

/** Writes it. Those of different factors have no crate in common, as worktrees of two branches that are far apart. */
export function writeCrates(directory: string, factor: number): void {
  const names = Array.from({ length: count }, (_, index) => `part${index}`)
  const text = Array.from({ length: parts }, (_, index) => part(index, factor)).join('')
  const write = (name: string, source: string, uses: readonly string[]): void => {
    mkdirSync(join(directory, name, 'src'), { recursive: true })
    const needs = uses.map(use => `${use} = { path = "../${use}" }\n`).join('')
    const head = `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`
    writeFileSync(join(directory, name, 'Cargo.toml'), `${head}\n[dependencies]\n${needs}`)
    writeFileSync(join(directory, name, 'src', source), `use std::collections::BTreeMap;\n${text}`)
  }
  for (const name of names) write(name, 'lib.rs', [])
  write('all', 'lib.rs', names)
  const members = JSON.stringify([...names, 'all'])
  writeFileSync(join(directory, 'Cargo.toml'), `[workspace]\nresolver = "2"\nmembers = ${members}\n`)
}
