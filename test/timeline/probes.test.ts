import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { drawingOf } from '../../src/timeline/drawing.js'
import { factsOf } from '../../src/timeline/legend.js'
import { proberOf } from '../../src/timeline/probes.js'
import { began, chartFrom, end, start, tool } from '../support/journals.js'

for (const [file, by] of [
  ['conftest.c', 'autoconf'],
  ['sub/conftest', 'autoconf'],
  ['/build/.sconf_temp/conftest_0.c', 'autoconf'],
  ['CMakeFiles/CMakeScratch/TryCompile-6mDcfx/src.c', 'CMake'],
  ['/build/CMakeFiles/CMakeTmp/testCCompiler.c', 'CMake'],
  ['CMakeFiles/3.31.6/CompilerIdC/CMakeCCompilerId.c', 'CMake'],
  ['meson-private/tmpx3k2/testfile.c', 'Meson'],
  ['build/meson-private/sanitycheckc.c', 'Meson'],
  ['build/.conf_check_0a1b/test.c', 'waf'],
  ['config.tests/x86_simd/main.cpp', 'qmake'],
  ['_configtest.c', 'distutils'],
  ['config-temp/qemu-conf.c', "QEMU's configure"],
  ['/tmp/ffconf.x81Kd/test.c', "FFmpeg's configure"],
  ['src/conftest/a.c', undefined],
  ['test_conftest.c', undefined],
  ['CMakeFiles/app.dir/src/a.c.o', undefined],
  ['meson-private/pch.c', undefined],
  ['', undefined],
] as const)
  test(`probes :: ${file || 'no file'} :: ${by ?? 'a part of the build'}`, () =>
    assert.is(proberOf(file), by))

test('probes :: a probe that says no is no failure, a compile that fails is', () => {
  const drawing = drawingOf(
    chartFrom([
      start(),
      tool({ file: 'conftest.c', exit: 1 }),
      tool({ at: began + 1, file: 'conftest.c', exit: 0 }),
      tool({ at: began + 2, file: 'conftest.c', exit: 1 }),
      tool({ at: began + 3, file: 'a.c', exit: 1 }),
      end(),
    ]),
  )
  assert.equal([drawing.totals.failed, drawing.totals.denied], [1, 2])
  assert.equal(factsOf(drawing)[1], { name: 'Tool runs', value: '4', more: '1 failed, 2 probes said no' })
})

test.run()
