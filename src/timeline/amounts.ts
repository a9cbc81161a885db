/** Amounts as people read them. */
import { renderSize } from '../ground/size.js'

/** Returns microseconds in units that people know: `850 µs`, `12 ms`, `1.23 s`, `12.3 s`, `1 min 05 s`, `2 h 03 min`. */
export function renderTime(microseconds: number): string {
  const row = timeUnits.find(({ below }) => microseconds < below) ?? longest
  return row.render(microseconds)
}

const two = (number: number): string => String(number).padStart(2, '0')
const longest = {
  below: Number.POSITIVE_INFINITY,
  render: (time: number) =>
    `${grouped(Math.floor(Math.round(time / 60e6) / 60))} h ${two(Math.round(time / 60e6) % 60)} min`,
}
const timeUnits = [
  { below: 0.5, render: () => '0 s' },
  { below: 999.5, render: (time: number) => `${Math.round(time)} µs` },
  { below: 9_950, render: (time: number) => `${(time / 1e3).toFixed(1)} ms` },
  { below: 999_500, render: (time: number) => `${Math.round(time / 1e3)} ms` },
  { below: 9_995_000, render: (time: number) => `${(time / 1e6).toFixed(2)} s` },
  { below: 59_950_000, render: (time: number) => `${(time / 1e6).toFixed(1)} s` },
  {
    below: 3_599.5e6,
    render: (time: number) =>
      `${Math.floor(Math.round(time / 1e6) / 60)} min ${two(Math.round(time / 1e6) % 60)} s`,
  },
  longest,
]

/** Returns an instant as a clock that began at 0 shows it, with the digits that tell it from one `apart` microseconds later. */
export function renderInstant(microseconds: number, apart: number): string {
  const digits = Math.min(6, Math.max(0, Math.ceil(6 - Math.log10(Math.max(1, apart)) - 1e-9)))
  const units = Math.round(microseconds / 10 ** (6 - digits))
  const seconds = Math.floor(units / 10 ** digits)
  const fraction = digits === 0 ? '' : `.${String(units % 10 ** digits).padStart(digits, '0')}`
  const minutes = Math.floor(seconds / 60)
  if (minutes === 0) return `${seconds}${fraction} s`
  const hours = Math.floor(minutes / 60)
  return `${hours > 0 ? `${hours}:${two(minutes % 60)}` : minutes}:${two(seconds % 60)}${fraction}`
}

/** Returns what clocks show where this program runs: a date, the time of day, and how far both are from UTC. */
export function renderClock(milliseconds: number): { date: string; time: string; zone: string } {
  const there = new Date(milliseconds)
  const east = -there.getTimezoneOffset()
  const [date = '', time = ''] = new Date(milliseconds + east * 60_000).toISOString().split(/[T.]/)
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`
  return { date, time, zone: east === 0 ? 'UTC' : zone }
}

/** Returns all of it. */
export function renderMoment(milliseconds: number): string {
  const { date, time, zone } = renderClock(milliseconds)
  return `${date} ${time} ${zone}`
}

/** Returns KiB as `12 MB`: binary units by the names that people call them. */
export const renderMemory = (kib: number): string =>
  kib < 0.5 ? '0' : renderSize(kib).replace(/[KMGT]$/, unit => ` ${unit}B`)

export const unknown = 'not known'

/** Returns an amount, or that it is not known. */
export const renderKnown = (amount: number | null, render: (amount: number) => string): string =>
  amount === null ? unknown : render(amount)

/** Returns a whole number with a comma between thousands. */
export const grouped = (number: number): string => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',')

/** Returns a part of 1 as `34 %`; what is neither none nor all is shown as neither. */
export function renderPart(part: number): string {
  const percent = part * 100
  if (percent > 0 && percent < 1) return '< 1 %'
  if (percent < 100 && percent > 99) return '> 99 %'
  return `${Math.round(percent)} %`
}
