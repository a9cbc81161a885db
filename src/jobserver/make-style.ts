/** Which style of jobserver the make on PATH can join. */
/**
 * `fifo` is spoken since make 4.4; make 4.2 and 4.3 end with an internal error when they meet it, and make <= 4.1
 * knows only `--jobserver-fds`.
 */
export type MakeStyle = 'fifo' | 'pipe' | 'legacy'

/** Returns the style for the text that `make --version` printed. What is not GNU make does not care. */
export function styleOfVersion(text: string): MakeStyle {
  const match = /^GNU Make (\d+)\.(\d+)/.exec(text)
  if (!match) return 'fifo'
  const version = Number(match[1]) * 1000 + Number(match[2])
  if (version >= 4004) return 'fifo'
  return version >= 4002 ? 'pipe' : 'legacy'
}
