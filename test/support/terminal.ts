/** A shell with job control on a terminal of its own, the keys a person would press, and what must happen then. */

const prompt = 'expect prompt> '
const type = (line: string): string[] => [`send ${line}\\n`, 'expect ready ', 'expect \\n']
const status = (code: number): string[] => [prompt, 'send echo status $?\\n', `expect status ${code}`, prompt]
const keys = { interrupt: 'send \\003', quit: 'send \\034', suspend: 'send \\032' }

/** The shell's environment. */
export const shellEnvironment = { PS1: 'prompt> ', ENV: '' }

/** Returns what to send to `sh -i` and what to expect of it, scene by scene; `run` stands before each command. */
export function scenesOf(run: '' | 'run '): Map<string, string[]> {
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
      'send exit 3\\n',
      ...status(3),
    ],
    '^Z and fg': [
      ...probe('wait'),
      keys.suspend,
      prompt,
      'send fg\\n',
      'expect probe wait',
      'send again\\n',
      'expect answer again',
      'send exit 4\\n',
      ...status(4),
    ],
    '^Z and fg, twice, and ^C': [
      ...probe('wait'),
      keys.suspend,
      prompt,
      'send fg\\n',
      'expect probe wait',
      'send again\\n',
      'expect answer again',
      keys.suspend,
      prompt,
      'send fg\\n',
      'expect probe wait',
      'send and again\\n',
      'expect answer and again',
      keys.interrupt,
      ...status(130),
    ],
    '^Z does not stop a tool that handles it': [
      ...probe('handle 20'),
      keys.suspend,
      'expect handled 20',
      'send on\\n',
      'expect answer on',
      'send exit 5\\n',
      ...status(5),
    ],
    '^Z, bg that needs the terminal, and fg': [
      ...probe('wait'),
      keys.suspend,
      prompt,
      'send bg; wait\\n', // wait returns once the terminal has stopped the job, whose message then precedes the prompt
      prompt,
      'send fg\\n',
      'expect probe wait',
      'send back\\n',
      'expect answer back',
      'send exit 6\\n',
      ...status(6),
    ],
  }
  const whole = (scene: readonly string[]): string[] => [
    prompt,
    'send stty -echo\\n',
    prompt,
    ...scene,
    'send exit 9\\n',
  ]
  return new Map(Object.entries(scenes).map(([name, scene]) => [name, whole(scene)]))
}
