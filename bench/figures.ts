/** What is measured, and how it is printed: medians with their quartiles, ratios, Markdown tables. */

export type Samples = Map<string, number[]> // a variant's nanoseconds, round by round
type Spread = { low: number; middle: number; high: number } // quartiles

export function spread(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { low: at(0.25), middle: at(0.5), high: at(0.75) }
}

export const milliseconds = ({ low, middle, high }: Spread): string =>
  `${(middle / 1e6).toFixed(2)} (${(low / 1e6).toFixed(2)}-${(high / 1e6).toFixed(2)})`

/** Returns "x1.23": the median of the rounds' ratios, since a round's two programs meet the same machine. */
export function ratio(samples: Samples, name: string, base: string, digits = 2): string {
  const bases = samples.get(base) ?? []
  const ratios = (samples.get(name) ?? []).map((time, round) => time / (bases[round] ?? Number.NaN))
  return `x${spread(ratios).middle.toFixed(digits)}`
}

export const print = (...cells: string[]): void => console.log(`| ${cells.join(' | ')} |`)

export function table(title: string, ...heads: string[]): void {
  console.log(`\n${title}\n`)
  print(...heads)
  print(...heads.map(() => '---'))
}
