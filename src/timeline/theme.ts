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
    memory: '#7fa66b',
    narrow: '#3a2d1e',
    failed: '#ffffff',
  },
} as const satisfies Record<string, Theme>

export type ThemeName = keyof typeof themes
