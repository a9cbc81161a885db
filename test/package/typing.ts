/** A system of a test's own in which root and a user type README's lines, with a copy of the clone to get it from. */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import { type Outcome, run, scrubbed } from '../support/jobshim.js'
import { asUser, eve, maySeeClone } from '../support/other-user.js'
import { inItself, maySystem, ownSystem } from '../support/own-system.js'
import { makeWorkspace, openToOthers, repository, writeFiles } from '../support/workspace.js'

export type Typist = 'root' | 'a user'

export type Line = {
  text: string
  by: Typist
  at?: string // below the home directory
  status?: number // default 0
  says?: RegExp // in stdout and stderr, one behind the other
}

const copies = { etc: undefined, usr: undefined, var: undefined }

export const mayType = (): boolean => maySeeClone && maySystem(copies)

const homeOf = (by: Typist): string => (by === 'root' ? '/home/root' : '/home/user')

/** What only fetches: `npm ci` gets what the clone has got, and no other call asks a registry. */
const npm = (): string => {
  const real = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim()
  return `#!/bin/sh
export npm_config_offline=true npm_config_update_notifier=false npm_config_fund=false
[ "$1" = ci ] || exec ${real} "$@"
rm -rf node_modules
exec cp -r ${repository}/node_modules .
`
}

/** The repository as it is, committed or not, without tests and benches: they are most of what is compiled. */
function makeOrigin(directory: string): void {
  const names = execFileSync('git', ['ls-files', '-zco', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  })
  for (const name of names.split('\0')) {
    if (name === '' || /^(test|bench)\//.test(name)) continue
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    cpSync(join(repository, name), join(directory, name), { force: true })
  }
  const git = (...args: string[]) => execFileSync('git', ['-C', directory, ...args], { env: scrubbed() })
  git('init', '-q', '-b', 'main')
  git('add', '-A')
  git('-c', 'user.name=test', '-c', 'user.email=test@localhost', 'commit', '-q', '-m', 'as it is')
}

/** What each typist has: a build that starts three compilers, and what it calls. */
const project: Readonly<Record<string, string>> = {
  'project/build.sh': '#!/bin/sh\nfor i in 1 2 3; do cc -c a.c -o $i.o & done\nwait\n',
  'project/a.c': 'int a;\n',
  'project/Makefile': 'all:\n\t./build.sh\n',
  'project/a.proto': 'syntax = "proto3";\n',
}

export type Place = {
  prepared?: string // lines of shell before that, by root
  copied?: string // a directory that becomes a copy, too
  path?: string // PATH, behind the directories of root's and the user's own programs
}

/** Types lines one after the other, each in a shell of its own. */
export async function typeAll(
  lines: readonly Line[],
  { prepared = '', copied, path: programs = process.env.PATH ?? '' }: Place = {},
): Promise<void> {
  const root = makeWorkspace('typing')
  openToOthers(root)
  makeOrigin(join(root, 'origin'))
  writeFiles(root, {
    npm: npm(),
    protoc: '#!/bin/sh\necho protoc "$@"\n',
    ...Object.fromEntries(lines.map(({ text }, index) => [`lines/${index}`, `${text}\n`])),
  })
  writeFiles(join(root, 'home'), project)
  mkdirSync(join(root, 'out'))
  chmodSync(join(root, 'out'), 0o777)
  const typed = lines.map(({ by, at = '.', status = 0 }, index) => {
    const home = homeOf(by)
    const path = `${home}/.local/bin:/usr/local/bin:${programs}`
    const who = by === 'root' ? [] : asUser(eve)
    const env = ['env', '-i', `HOME=${home}`, `PATH=${path}`, 'SHELL=/bin/bash', 'LC_ALL=C', 'TERM=dumb']
    const command = [...who, ...env, 'bash', '-e', join(root, 'lines', String(index))].join(' ')
    const out = join(root, 'out', String(index))
    return `(cd ${join(home, at)} && exec ${command}) >${out}.stdout 2>${out}.stderr </dev/null; echo $? >${out}.status
[ $(cat ${out}.status) = ${status} ] || exit 0`
  })
  const script = `${ownSystem(copied === undefined ? copies : { ...copies, [copied.slice(1)]: undefined })}
install -m 755 npm protoc -t /usr/local/bin
cp -r home /home/root
cp -r home /home/user
cp -r origin /home/root/origin
cp -r origin /home/user/origin
chown -R ${eve}:${eve} /home/user
${prepared}
set +e
${typed.join('\n')}`
  const system = await run('unshare', [...inItself.slice(1), 'sh', '-ec', script], {
    cwd: root,
    hangSeconds: 600,
  })
  assert.equal(system, { status: 0, signal: null, stdout: '', stderr: '' })
  for (const [index, line] of lines.entries()) check(line, root, index)
}

function check({ text, by, status = 0, says }: Line, root: string, index: number): void {
  const read = (name: keyof Outcome): string => readFileSync(join(root, 'out', `${index}.${name}`), 'utf8')
  const said = `${read('stdout')}${read('stderr')}`
  assert.is(Number(read('status')), status, `${by}: ${text}\n${said}`)
  if (says !== undefined) assert.match(said, says, `${by}: ${text}\n${said}`)
}

/** Keeps what is there, and tells what has come since: in the homes, and of root's directories what this system has changed. */
const found =
  '{ find /home -not -type d; find /mnt/*-upper -name "*jobshim*" -o -path "/mnt/usr-upper/*" -not -type d; } | sort'
export const remember: Line = { by: 'root', text: `${found} >/mnt/before` }
export const nothingLeft: Line = { by: 'root', text: `${found} | comm -13 /mnt/before -`, says: /^$/ }
