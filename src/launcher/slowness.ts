/** What a launcher costs by how it was built. */

/** Bytes and linking, as people read them. */
export type Build = { linking: string; libc: string; bytes: number }

/** What to do for the quick one. */
export const quickHint =
  'install musl-gcc (Debian: musl-tools), build the launcher anew (make -B -C shims), then jobshim install'

/** By bench/README.md: glibc asks the processor what it is, again and again, and on a virtual machine each time takes long. */
const ratios = 'on a virtual machine a shim takes x1.9 to x2.1 of true, and x1.2 to x1.3 with musl'

/** Returns why a launcher starts later than it could; undefined: none is quicker. */
export function slownessOf({ linking, libc }: Build): string | undefined {
  if (linking !== 'static') return 'starts later than a static one'
  return libc === 'musl' ? undefined : ratios
}

/** Returns the line that `npm run build` ends with. */
export function renderBuild(build: Build): string {
  const text = `launcher: ${build.linking}, ${build.libc}, ${build.bytes} bytes`
  const slowness = slownessOf(build)
  return slowness === undefined ? text : `${text}: ${slowness}; ${quickHint}`
}
