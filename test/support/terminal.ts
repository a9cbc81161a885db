import type { Call } from './transparent-calls.js'

/** A shell with job control on a terminal of its own, the keys a person would press, and what must happen then. */

const prompt = 'expect prompt> '
const type = (line: string): string[] => [`send ${line}\\n`, 'expect ready ', 'expect \\n']
const status = (code: number): string[] => [prompt, 'send echo status $?\\n', `expect status ${code}`, prompt]
const exit = (code: number): string[] => [`send exit ${code}\\n`, ...status(code)]
const foreground = (line: string): string[] => [
  'send fg\\n',
  'expect probe wait',
  `send ${line}\\n`,
  `expect answer ${line}`,
]
const keys = { interrupt: 'send \\003', quit: 'send \\034', suspend: 'send \\032' }

/** What the caller says of a shell that has played its scene to the end. */
export const sceneEnd = /^status 900$/m

/** Returns the calls of `sh -i`, scene by scene; `run` stands before each command. */
export function scenesOf(run: '' | 'run ' | 'late '): Map<string, Call> {
  const probe = (words: string): string[] => type(`${run}probe ${words}`)
  const scenes: Readonly<Record<string, readonly string[]>> = {
    '^C ends it': [...probe('wait'), keys.interrupt, ...status(130)],
    '^C ends a tool and its shell': [
      ...type(`${run}sh -c 'probe wait; echo on'`),
      keys.interrupt,
      ...status(130),
    ],
    '^\\ ends it': [...probe('wait'), keys.quit, ...status(131)],
    '^C reaches a tool that handles it once': [
      ...probe('handle 2'),
      keys.interrupt,
      'expect handled 2',
      'send after\\n',
      'expect answer after',
      ...exit(3),
    ],
    '^Z and fg': [...probe('wait'), keys.suspend, prompt, ...foreground('again'), ...exit(4)],
    '^Z and fg, twice, and ^C': [
      ...probe('wait'),
      keys.suspend,
      prompt,
      ...foreground('again'),
      'settle', // else a launcher that was continued and has not run yet stops before its tool, as any parent would
      keys.suspend,
      prompt,
      ...foreground('and again'),
      keys.interrupt,
      ...status(130),
    ],
    '^Z does not stop a tool that handles it': [
      ...probe('handle 20'),
      keys.suspend,
      'expect handled 20',
      'send on\\n',
      'expect answer on',
      ...exit(5),
    ],
    '^Z, bg that needs the terminal, and fg': [
      ...probe('wait'),
      keys.suspend,
      prompt,
      'send bg; wait\\n', // wait returns once the terminal has stopped the job, whose message then precedes the prompt
      prompt,
      ...foreground('back'),
      ...exit(6),
    ],
  }
  const whole = (scene: readonly string[]): Call => ({
    setup: ['terminal'],
    tool: ['sh', '-i'],
    dialog: [prompt, 'send stty -echo\\n', prompt, ...scene, 'send exit 9\\n'],
    env: { PS1: 'prompt> ', ENV: '' },
  })
  return new Map(Object.entries(scenes).map(([name, scene]) => [name, whole(scene)]))
}
