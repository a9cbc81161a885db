/** All commands by name. Each is imported only when it is called or its help is shown. */
import type { Command } from './command.js'

export type CommandRow = { name: string; load: () => Promise<Command> }

/** Returns all commands, in the table's order. */
export const loadCommands = (): Promise<Command[]> => Promise.all(commandTable.map(row => row.load()))

export const commandTable: readonly CommandRow[] = [
  { name: 'completion', load: async () => (await import('./completion.js')).completion },
  { name: 'config', load: async () => (await import('./config.js')).config },
  { name: 'doctor', load: async () => (await import('./doctor.js')).doctor },
  { name: 'env', load: async () => (await import('./env.js')).env },
  { name: 'exec', load: async () => (await import('./exec.js')).exec },
  { name: 'install', load: async () => (await import('./install.js')).install },
  { name: 'list', load: async () => (await import('./list.js')).list },
  { name: 'off', load: async () => (await import('./shell-switch.js')).off },
  { name: 'on', load: async () => (await import('./shell-switch.js')).on },
  { name: 'portage disable', load: async () => (await import('./portage-package.js')).disable },
  { name: 'portage enable', load: async () => (await import('./portage-package.js')).enable },
  { name: 'portage install', load: async () => (await import('./portage-install.js')).install },
  { name: 'portage list', load: async () => (await import('./portage-list.js')).list },
  { name: 'portage uninstall', load: async () => (await import('./portage-uninstall.js')).uninstall },
  { name: 'run', load: async () => (await import('./run.js')).run },
  { name: 'serve', load: async () => (await import('./serve.js')).serve },
  { name: 'setup', load: async () => (await import('./setup.js')).setup },
  { name: 'status', load: async () => (await import('./status.js')).status },
  { name: 'timeline', load: async () => (await import('./timeline.js')).timeline },
  { name: 'uninstall', load: async () => (await import('./uninstall.js')).uninstall },
]
