/** Sizes as people write them: `512M`, `1.5G`. Binary units: 1K is 1024 bytes. */

const units = ['K', 'M', 'G', 'T'] as const

/** A number with one of the units. */
export const sizePattern = /^\d+(\.\d+)?[KMGT]$/

/** Returns the bytes that a text of `sizePattern` stands for. */
export const parseSize = (text: string): number =>
  Number(text.slice(0, -1)) * 1024 ** (1 + units.findIndex(unit => text.endsWith(unit)))

/** Returns so many KiB in the unit that leaves the least digits, with two of them at least: `12M`, `1.5G`. */
export function renderSize(kib: number): string {
  const tenths = (value: number): number => Math.round(value * 10) / 10
  const power = units.findIndex((_, index) => tenths(kib / 1024 ** index) < 1024)
  const value = kib / 1024 ** (power === -1 ? units.length - 1 : power)
  return `${value < 10 ? tenths(value) : Math.round(value)}${units.at(power)}`
}
