/** Light or dark: as the system has it, until the button says otherwise. */
import type { ThemeName } from '../theme.js'
import { elementOf } from './document.js'

const system = matchMedia('(prefers-color-scheme: dark)')
const root = document.documentElement

export function currentTheme(): ThemeName {
  const chosen = root.dataset.theme
  if (chosen === 'light' || chosen === 'dark') return chosen
  return system.matches ? 'dark' : 'light'
}

export function onThemeChange(listener: (name: ThemeName) => void): void {
  system.addEventListener('change', () => listener(currentTheme()))
  elementOf('scheme').addEventListener('click', () => {
    root.dataset.theme = currentTheme() === 'dark' ? 'light' : 'dark'
    listener(currentTheme())
  })
}
