import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertSame, type Place } from '../support/transparent-calls.js'

/** A shell with job control on a terminal of its own; the keys a person would press. */
const prompt = 'expect prompt> '
const run = (tool: string): string[] => [`send ${tool}\\n`, 'expect ready ', 'expect \\n']
const status = (code: number): string[] => [prompt, 'send echo status $?\\n', `expect status ${code}`, prompt]
const keys = { interrupt: 'send \\003', quit: 'send \\034', suspend: 'send \\032' }

const scenes: Readonly<Record<string, readonly string[]>> = {
  '^C ends the tool': [...run('probe wait'), keys.interrupt, ...status(130)],
  '^\\ ends the tool': [...run('probe wait'), keys.quit, ...status(131)],
  '^C reaches a tool that handles it once': [
    ...run('probe handle 2'),
    keys.interrupt,
    'expect handled 2',
    'send after\\n',
    'expect answer after',
    'send exit 3\\n',
    ...status(3),
  ],
  '^Z and fg': [
    ...run('probe wait'),
    keys.suspend,
    prompt,
    'send fg\\n',
    'expect probe wait',
    'send again\\n',
    'expect answer again',
    'send exit 4\\n',
    ...status(4),
  ],
  '^Z and fg, and ^C': [
    ...run('probe wait'),
    keys.suspend,
    prompt,
    'send fg\\n',
    'expect probe wait',
    'send again\\n',
    'expect answer again',
    keys.interrupt,
    ...status(130),
  ],
  '^Z does not stop a tool that handles it': [
    ...run('probe handle 20'),
    keys.suspend,
    'expect handled 20',
    'send on\\n',
    'expect answer on',
    'send exit 5\\n',
    ...status(5),
  ],
  '^Z, bg that needs the terminal, and fg': [
    ...run('probe wait'),
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

const below: readonly Place[] = ['implicit', 'token'] // a shell's child never owns its caller's slot

for (const place of below)
  for (const [name, scene] of Object.entries(scenes))
    test(`transparent :: ${place} :: terminal :: ${name}`, async () => {
      const { stdout } = await assertSame(place, {
        setup: ['terminal'],
        tool: ['sh', '-i'],
        dialog: [prompt, 'send stty -echo\\n', prompt, ...scene, 'send exit 9\\n'],
        env: { PS1: 'prompt> ', ENV: '' },
      })
      assert.match(stdout, /^status 900$/m)
    })

test.run()
