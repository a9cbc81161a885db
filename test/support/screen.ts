import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scrubbed } from './jobshim.js'
import { defaultHangSeconds } from './until.js'
import { makeWorkspace, writeFiles } from './workspace.js'

/** A terminal of tmux's with a shell in it that has job control and the prompt `$ `. */
export type Screen = {
  type(text: string): void // a line, and Enter
  press(...keys: readonly string[]): void // as tmux names them: `C-c`, `q`
  rows(): string[] // what stands on the screen, trailing blanks cut
  colouredRows(): string[]
  history(): string[] // all that was ever printed and not erased, wrapped lines joined
  bytes(): string // all that programs wrote
  resize(columns: number, rows: number): void
  /** Waits until it is so; fails after a bounded time with what the screen shows. */
  until(what: string, isSo: (rows: string[]) => boolean, seconds?: number): Promise<string[]>
  close(): void
}

export type ScreenOptions = {
  columns?: number // default 60
  rows?: number // default 12
  cwd?: string
  env?: Readonly<Record<string, string | undefined>>
}

const configuration = `
set -g history-limit 100000
set -g status off
set -g default-terminal screen-256color
`

const open = new Set<Screen>()

/** Closes what is still there of a test that failed. */
export function closeScreens(): void {
  for (const screen of open) screen.close()
}

/** Opens one; `directory` is where tmux is. */
export async function openScreen(directory: string, options: ScreenOptions = {}): Promise<Screen> {
  const { columns = 60, rows = 12, cwd, env = {} } = options
  const place = makeWorkspace('screen')
  const log = join(place, 'bytes')
  writeFiles(place, { configuration, bytes: '' })
  const socket = join(place, 's')
  const environment = scrubbed({
    LC_ALL: 'C.UTF-8',
    CI: undefined,
    NO_COLOR: undefined,
    TMUX: undefined,
    ENV: '',
    ...env,
  })
  const tmux = (...words: readonly string[]): string =>
    execFileSync(join(directory, 'tmux'), ['-S', socket, '-f', join(place, 'configuration'), ...words], {
      cwd: cwd ?? place,
      env: { TERM: 'xterm', ...environment },
      encoding: 'utf8',
    })
  const lines = (text: string): string[] => text.replace(/\n$/, '').split('\n')
  tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), "PS1='$ ' exec sh -i")
  tmux('pipe-pane', `exec cat >>'${log}'`)
  const screen: Screen = {
    type: text => void tmux('send-keys', text, 'Enter'),
    press: (...keys) => void tmux('send-keys', ...keys),
    rows: () => lines(tmux('capture-pane', '-p')),
    colouredRows: () => lines(tmux('capture-pane', '-p', '-e')),
    history: () => lines(tmux('capture-pane', '-p', '-J', '-S', '-')).map(line => line.trimEnd()),
    bytes: () => readFileSync(log, 'utf8'),
    resize: (width, height) => void tmux('resize-window', '-x', String(width), '-y', String(height)),
    async until(what, isSo, seconds = defaultHangSeconds) {
      const end = Date.now() + seconds * 1000
      for (;;) {
        const seen = screen.rows()
        if (isSo(seen)) return seen
        if (Date.now() > end)
          throw new Error(`hangs: until ${what}\n${seen.map(row => `|${row}`).join('\n')}`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
    close() {
      open.delete(screen)
      if (existsSync(socket)) tmux('kill-server')
    },
  }
  open.add(screen)
  await screen.until('the shell asks', seen => seen[0] === '$')
  return screen
}
