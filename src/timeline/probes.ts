/** Tools that ask what a compiler can do: a status other than 0 is an answer, and no failure of the build. */

/** By the path of the file that a tool is about. */
const probes: readonly { path: RegExp; by: string }[] = [
  { path: /(^|\/)conftest[^/]*$/, by: 'autoconf' }, // SCons has the same name in .sconf_temp
  { path: /(^|\/)CMakeFiles\/(CMakeTmp|CMakeScratch|ShowIncludes|\d[^/]*\/CompilerId[^/]*)\//, by: 'CMake' },
  { path: /(^|\/)meson-private\/(tmp[^/]*|sanitycheck[^/]*)($|\/)/, by: 'Meson' },
  { path: /(^|\/)\.conf_check_[^/]*\//, by: 'waf' },
  { path: /(^|\/)config\.tests\//, by: 'qmake' },
  { path: /(^|\/)_configtest\.[^/]*$/, by: 'distutils' },
  { path: /(^|\/)config-temp\/qemu-conf\.[^/]*$/, by: "QEMU's configure" },
  { path: /(^|\/)ffconf\.[^/]*\//, by: "FFmpeg's configure" },
]

/** Returns who asks by a tool run on this file; undefined: nobody, it is a part of the build. */
export const proberOf = (file: string): string | undefined => probes.find(({ path }) => path.test(file))?.by
