/** What a path may have in it that stands in MAKEFLAGS: each row of the table in docs/protocol.md, "Paths". */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { currentUid } from '../../src/ground/paths.js'
import { type ClientKey, clients } from '../support/clients.js'
import { readDocuments } from '../support/documents.js'
import { run } from '../support/jobshim.js'
import { makeFifo } from '../support/pool.js'
import { test, testWith } from '../support/test-with.js'
import { until } from '../support/until.js'
import { makeWorkspace, repository, writeFiles } from '../support/workspace.js'
import { killStarted, start } from '../yard/held.js'
import { makeYard } from '../yard/yard.js'

type Row = {
  what: string // as the docs have it
  names: readonly string[] // of directories, as printf takes them
  fault?: string // why it is refused
  refused?: string // by serve, which says less
  misread?: readonly ClientKey[] // by whom, as it stands
}

const blank = 'has a blank, at which ninja, cargo and gcc end a path'

const rows: readonly Row[] = [
  { what: 'a blank', names: ['a b'], fault: blank, misread: ['make44', 'ninja113', 'cargo'] },
  { what: 'a tab', names: ['a\\tb'], fault: blank, misread: ['make44', 'ninja113'] },
  {
    what: 'a line break',
    names: ['a\\nb', 'a\\rb', 'a\\fb', 'a\\vb'],
    fault: 'has a line break, and an address is one line',
  },
  {
    what: 'a backslash',
    names: ['a\\\\b'],
    fault: 'has a backslash, which make reads as a sign for the next character',
    misread: ['make44'],
  },
  {
    what: 'a dollar',
    names: ['a$b'],
    fault: 'has a dollar, which make reads as the sign of a variable',
    misread: ['make44'],
  },
  {
    what: 'a byte that is not UTF-8',
    names: ['a\\351b'],
    fault: 'is not UTF-8, and cargo reads nothing else',
    refused: 'is not UTF-8', // as any option of ours that is none
    misread: ['cargo'],
  },
  { what: 'any other character', names: ['#', '"', "'", ';&|*?()[]{}<>!~', ',=:%%@^', 'é\u00a0\u2003'] },
]

const readers = ['make44', 'ninja113', 'cargo'] as const satisfies readonly ClientKey[]
const commands = { make44: 'make -s', ninja113: 'ninja --quiet', cargo: 'cargo build --offline --quiet' }

const site = makeWorkspace('paths')
writeFiles(site, {
  Makefile: 'all:\n\t@:\n',
  'build.ninja': 'rule r\n command = :\nbuild all: r\n',
  'Cargo.toml': '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n',
  'src/main.rs': 'fn main() {}\n',
})

// Node has no words for bytes that are not UTF-8.
const inDirectory = `d=$PWD/$(printf "$1"); mkdir -p "$d"; f=$d/fifo; [ -p "$f" ] || mkfifo "$f"; exec 9<>"$f"; printf ++ >&9`

for (const client of readers)
  for (const { what, names, misread = [] } of rows) {
    const isRead = !misread.includes(client)
    const title = `paths :: ${what} :: ${clients[client].name} ${isRead ? 'reads' : 'misreads'} it`
    testWith([client, 'strace'], title, async directory => {
      for (const name of names) {
        const script = `${inDirectory}; MAKEFLAGS=" -j3 --jobserver-auth=fifo:$f" strace -f -qq -e trace=openat -P "$f" -o trace ${commands[client]}; grep -c ' = [0-9]' trace; :`
        const { stdout } = await run('sh', ['-c', script, 'sh', name], {
          cwd: site,
          env: { PATH: `${directory}:${process.env.PATH}` },
        })
        assert.is(Number(stdout) > 0, isRead, `${name}: ${stdout}`)
        rmSync(join(site, 'target'), { recursive: true, force: true })
      }
    })
  }

const yard = await makeYard('')
const env = { ...yard.env, HOME: yard.root }
const jobshim = `${process.execPath} ${join(repository, 'bin/jobshim.js')}`

for (const { what, names, fault, refused } of rows)
  test(`paths :: ${what} :: serve :: ${fault ?? 'used'}`, async () => {
    for (const name of names) {
      const script = `cd "$PWD/$(mktemp -d x.XXX)" && mkdir "$(printf "$1")" && exec ${jobshim} serve --no-config --dir ${yard.shims} -j2 --fifo "$(printf "$1")/fifo"`
      const server = start({
        env: { ...env },
        command: ['sh', '-c', `cd ${yard.root}; ${script}`, 'sh', name],
      })
      if (fault === undefined) {
        await until('it is ready', () => server.output.stdout.endsWith('\n'))
        const { status, stdout, stderr } = await server.kill('SIGTERM')
        assert.equal([status, stderr], [0, ''])
        assert.ok(stdout.startsWith('--jobserver-auth=fifo:/'), stdout)
        assert.ok(stdout.endsWith(`/${name.replace('%%', '%')}/fifo\n`), stdout)
      } else {
        const { status, stdout, stderr } = await server.ended
        assert.equal([status, stdout], [refused === undefined ? 1 : 2, ''])
        assert.ok(stderr.startsWith(refused === undefined ? 'jobshim: /' : 'jobshim: serve: a'), stderr)
        const all = 'name a path that all clients read, such as /run/jobshim/fifo'
        const hint = refused === undefined ? all : 'give it a name that is'
        assert.ok(stderr.endsWith(`/fifo: ${refused ?? fault}\n  ${hint}\n`), stderr)
      }
    }
  })

const fallback = `/tmp/jobshim-${currentUid()}`

// Of the pool that is looked for there; a launcher clears them away after a day.
function removeLedger(inode: number): void {
  for (const name of existsSync(fallback) ? readdirSync(fallback) : [])
    if (name.startsWith('v1-') && name.includes(`-${inode}-`)) rmSync(join(fallback, name))
}

for (const { what, names, fault } of rows)
  test(`paths :: ${what} :: XDG_RUNTIME_DIR :: ${fault === undefined ? 'used' : 'not used'}, by run and launchers alike`, async () => {
    for (const name of names) {
      const place = makeWorkspace('runtime')
      const pool = makeFifo(place, '+')
      const script = `cd ${place}; d=$PWD/$(printf "$1"); mkdir -m 700 "$d"; export XDG_RUNTIME_DIR="$d"
        ${jobshim} run -q -j2 --no-config --dir ${yard.shims} -- sh -c 'echo "$JOBSHIM_JOBSERVER" | tail -n 1'; ls -A "$d" | wc -l
        MAKEFLAGS=" -j2 --jobserver-auth=${pool.auth}" hold; find "$d" -name "v1-*" | wc -l`
      const { stdout, stderr } = await run('sh', ['-c', script, 'sh', name], { env })
      const [address = '', made, held, ledgers] = stdout.split('\n')
      assert.is(stderr, '')
      assert.match(held ?? '', /^held \d+$/)
      assert.equal([made, ledgers], fault === undefined ? ['1', '1'] : ['0', '0'])
      assert.is(address.startsWith(`fifo:${fallback}/`), fault !== undefined, address)
      removeLedger(statSync(join(place, 'fifo')).ino)
      pool.close()
    }
  })

test('paths :: the working directory has a blank :: serve :: refused', async () => {
  const directory = join(yard.root, 'a b')
  mkdirSync(directory)
  const line = [
    ...jobshim.split(' ').slice(1),
    'serve',
    '--no-config',
    '--dir',
    yard.shims,
    '-j2',
    '--fifo',
    'fifo',
  ]
  assert.equal(await run(process.execPath, line, { cwd: directory, env }), {
    status: 1,
    signal: null,
    stdout: '',
    stderr: `jobshim: ${directory}/fifo: ${blank}\n  name a path that all clients read, such as /run/jobshim/fifo\n`,
  })
})

test('paths :: longer than the system takes :: serve :: refused', async () => {
  const path = `/${'x/'.repeat(2200)}fifo`
  const line = [
    ...jobshim.split(' ').slice(1),
    'serve',
    '--no-config',
    '--dir',
    yard.shims,
    '-j2',
    '--fifo',
    path,
  ]
  const { status, stderr } = await run(process.execPath, line, { env })
  assert.is(status, 1)
  assert.match(
    stderr,
    /^jobshim: .*\(E(?:NAMETOOLONG|NOENT)\)\n {2}name a place that you can write with --fifo\n$/,
  )
})

test('paths :: the docs have the same table', () => {
  const cells = readDocuments()
    .filter(({ path }) => path === 'docs/protocol.md')
    .flatMap(({ tables }) => tables)
    .filter(({ head: [first] }) => first === 'a path has')
    .flatMap(({ rows }) => rows)
  assert.equal(
    cells.map(([what, make, ninja, cargo, , serve]) => ({ what, read: [make, ninja, cargo], serve })),
    rows.map(({ what, fault, misread = [] }) => ({
      what,
      read: readers.map(client => (misread.includes(client) ? 'no' : 'yes')),
      serve: fault ?? 'used',
    })),
  )
})

test.after.each(killStarted)

test.run()
