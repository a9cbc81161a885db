import { realpathSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { run } from '../support/jobshim.js'
import { addTools, examined, makePatient, pathOf, sandboxFirst, verdicts } from '../support/patient.js'
import { installShims } from '../support/shimdir.js'
import { test, testWith } from '../support/test-with.js'
import { repository, writeFiles } from '../support/workspace.js'

const makefile = (tool: string): string => `CC = ${tool}\nw: a.c\n\t$(CC) -o w a.c\n`

test('doctor :: configured trees :: fine, and a tool that has a shim called by its path', async () => {
  const patient = await makePatient()
  const { work, tools, shims } = patient
  const fine = { state: 'ok', text: `nothing below ${work} calls a tool by its path` }
  assert.equal(await verdicts(patient, 'configured trees'), [fine])
  writeFiles(work, { 'a/Makefile': makefile('gcc'), 'b/Makefile': makefile(`${shims}/gcc`) })
  // A tool without a shim would not be governed by its name either.
  writeFiles(work, { 'c/Makefile': makefile('/usr/bin/clang') })
  assert.equal(await verdicts(patient, 'configured trees'), [fine])
  writeFiles(work, { 'd/Makefile': makefile(`${tools}/gcc`) })
  assert.equal(await verdicts(patient, 'configured trees'), [
    {
      state: 'broken',
      text: `${tools}/gcc by make (absolute path in d/Makefile)`,
      fix: sandboxFirst('write CC = gcc in Makefile, or call make CC=gcc'),
    },
  ])
})

test('doctor :: configured trees :: where there are no shims yet, all that would have one', async () => {
  const patient = await makePatient()
  writeFiles(patient.work, {
    'a/Makefile': makefile('/usr/bin/clang'),
    'b/Makefile': makefile('/usr/bin/perl'),
  })
  const env = { JOBSHIM_DIR: join(patient.root, 'nowhere') }
  assert.equal(
    (await verdicts(patient, 'configured trees', { env })).map(({ text }) => text),
    ['/usr/bin/clang by make (absolute path in a/Makefile)'],
  )
})

test('doctor :: configured trees :: many, and more than it looks at', async () => {
  const patient = await makePatient()
  const { work, tools } = patient
  for (let tree = 0; tree < 11; tree++) writeFiles(work, { [`t${tree}/Makefile`]: makefile(`${tools}/gcc`) })
  writeFiles(work, { 'a/b/c/d/e/f/g/h/Makefile': makefile(`${tools}/gcc`) })
  const found = await verdicts(patient, 'configured trees')
  assert.equal(
    found.map(({ state }) => state),
    [...Array.from({ length: 8 }, () => 'broken'), 'note', 'note'],
  )
  assert.equal(found.slice(-2), [
    { state: 'note', text: 'and 3 more such' },
    { state: 'note', text: 'the tree is large: only its upper part was looked at' },
  ])
  for (let tree = 0; tree < 11; tree++) rmSync(join(work, `t${tree}`), { recursive: true })
  const cut = await verdicts(patient, 'configured trees')
  assert.equal(cut, [{ state: 'note', text: 'the tree is large: only its upper part was looked at' }])
})

const project = {
  'CMakeLists.txt': 'cmake_minimum_required(VERSION 3.13)\nproject(words C)\nadd_executable(w a.c)\n',
  'a.c': 'int main(void) { return 0; }\n',
}

for (const generator of ['Unix Makefiles', 'Ninja'])
  testWith(
    ['cmake', 'ninja'],
    `doctor :: configured trees :: by CMake (${generator}) before the shims were there: the bypass, the file and the fix`,
    async () => {
      const { root, runtime } = await makePatient()
      const work = join(root, 'tree')
      const shims = join(root, 'late')
      const bin = join(root, 'bin')
      addTools(bin, { jobshim: join(repository, 'bin/jobshim.js') })
      const env = {
        PATH: `${bin}:${process.env.PATH}`,
        HOME: root,
        XDG_RUNTIME_DIR: runtime,
        JOBSHIM_DIR: shims,
      }
      writeFiles(work, project)
      const call = async (line: string): Promise<void> => {
        const { status, stderr, stdout } = await run('sh', ['-c', line], { cwd: work, env })
        assert.is(status, 0, stdout + stderr)
      }
      await call(`cmake -G '${generator}' -S . -B build`)
      await installShims(shims, { env, args: ['--tools', 'gcc'] })
      const tree = { work, env }
      const launcher = join(shims, '.jobshim/launcher')
      const command = `cmake -DCMAKE_C_COMPILER_LAUNCHER=${launcher} -DCMAKE_C_LINKER_LAUNCHER=${launcher} ${work}/build`
      const fix = `put the launcher before it: ${command}`
      assert.equal(await verdicts(tree, 'configured trees'), [
        {
          state: 'broken',
          text: `${pathOf('cc')} by cmake (absolute path in build/CMakeCache.txt)`,
          fix: sandboxFirst(fix),
        },
      ])
      assert.is((await examined(tree)).status, 1)
      await call(command)
      assert.equal(await verdicts(tree, 'configured trees'), [
        { state: 'ok', text: `nothing below ${work} calls a tool by its path` },
      ])
    },
  )

test('doctor :: configured trees :: below a link, seen from there', async () => {
  const patient = await makePatient()
  writeFiles(patient.root, { 'far/Makefile': makefile(`${patient.tools}/gcc`) })
  symlinkSync(join(patient.root, 'far'), join(patient.work, 'near'))
  assert.is((await verdicts(patient, 'configured trees'))[0]?.state, 'ok')
  const far = { ...patient, work: realpathSync(join(patient.work, 'near')) }
  assert.is((await verdicts(far, 'configured trees'))[0]?.state, 'broken')
})

test.run()
