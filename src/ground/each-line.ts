/** Calls `hear` with each whole line that the stream brings. */
export function eachLine(stream: NodeJS.ReadableStream, hear: (line: string) => void): void {
  let text = ''
  stream.setEncoding('utf8').on('data', (part: string) => {
    const lines = (text + part).split('\n')
    text = lines.pop() ?? ''
    lines.forEach(hear)
  })
}
