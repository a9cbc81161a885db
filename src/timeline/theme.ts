/** Colours. Those of tools are told apart by colour-blind people too (after Okabe and Ito). */

export type Theme = {
  text: string
  faint: string
  line: string
  background: string
  tools: readonly string[] // by what they cost; the last is for all others
  used: string
  waitsForSlot: string
  waitsForGate: string
  phases: string
  path: string // the likely critical one
  cores: string
  memory: string
  narrow: string // behind the times in which one slot was in use
  failed: string
}

export const themes = {
  light: {
    text: '#1d2733',
    faint: '#5b6672',
    line: '#dfe3e8',
    background: '#ffffff',
    tools: ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#b9a600', '#8c929a'],
    used: '#3d6f96',
    waitsForSlot: '#b65a12',
    waitsForGate: '#8a6fb0',
    phases: '#c6d2de',
    path: '#9b3b62',
    cores: '#22787c',
    memory: '#5c7f4c',
    narrow: '#f6e6d3',
    failed: '#1d2733',
  },
  dark: {
    text: '#e6eaef',
    faint: '#9ba7b4',
    line: '#323b46',
    background: '#14191f',
    tools: ['#3b9ddb', '#e69f00', '#1fbf93', '#dd8fbb', '#8ccbf0', '#f0743a', '#e8dc4a', '#8f98a3'],
    used: '#5b93bd',
    waitsForSlot: '#d9803a',
    waitsForGate: '#a68bd0',
    phases: '#3d4c5c',
    path: '#d778a3',
    cores: '#4aa9ad',
    memory: '#7fa66b',
    narrow: '#3a2d1e',
    failed: '#ffffff',
  },
} as const satisfies Record<string, Theme>

export type ThemeName = keyof typeof themes

/** Returns which of a theme's two ends can be read best on a colour that lies on its background. */
export function inkOn(colour: string, opacity: number, { text, background }: Theme): string {
  const behind = channelsOf(background)
  const light = luminanceOf(
    channelsOf(colour).map((channel, index) => channel * opacity + (behind[index] ?? 0) * (1 - opacity)),
  )
  const contrast = (ink: string): number => {
    const other = luminanceOf(channelsOf(ink))
    return (Math.max(light, other) + 0.05) / (Math.min(light, other) + 0.05)
  }
  return contrast(text) >= contrast(background) ? text : background
}

/** Returns red, green and blue of `#rrggbb`, each a part of 1. */
const channelsOf = (colour: string): number[] =>
  [1, 3, 5].map(at => Number.parseInt(colour.slice(at, at + 2), 16) / 255)

// As WCAG 2 has it.
function luminanceOf(channels: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = channels.map(channel =>
    channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
