/**
 * Which of descriptors 0, 1 and 2 were closed when we were started. Node opens /dev/null there before anything of ours runs, for
 * reading and writing, and so do some programs that start others (Python's DEVNULL). What a shell or the like has started had
 * it closed: those open it for one of both only, and what they hand on they have open themselves.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from './foreground.js'

const readAndWrite = 0o2
const accessMode = 0o3

/** Whether the descriptor of that process is /dev/null for reading and writing; undefined where that can't be seen. */
function isNodesNull(process: number | 'self', descriptor: number | string): boolean | undefined {
  try {
    if (readlinkSync(`/proc/${process}/fd/${descriptor}`) !== '/dev/null') return false
    const [, flags = '0'] =
      /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${process}/fdinfo/${descriptor}`, 'utf8')) ?? []
    return (Number.parseInt(flags, 8) & accessMode) === readAndWrite
  } catch {
    return undefined
  }
}

async function startsPlainly(program: string): Promise<boolean> {
  const { clientNames } = await import('../contract/clients.js')
  const means = clientNames.find(({ name }) => name === program)?.means
  return program === 'ninja' || means === 'make' || (means === 'carrier' && program !== 'node')
}

async function handsOnNoNull(pid: number): Promise<boolean> {
  try {
    const program = basename(readlinkSync(`/proc/${pid}/exe`)).replace(/[-.\d]+$/, '')
    return (
      (await startsPlainly(program)) &&
      readdirSync(`/proc/${pid}/fd`).every(descriptor => isNodesNull(pid, descriptor) === false)
    )
  } catch {
    return false // gone meanwhile, or not ours to see
  }
}

/** Returns them, `02`; empty where none was closed, or where it can't be told. */
async function closedDescriptors(): Promise<string> {
  const nulls = [0, 1, 2].filter(descriptor => isNodesNull('self', descriptor) === true)
  return nulls.length > 0 && (await handsOnNoNull(process.ppid)) ? nulls.join('') : ''
}

/** Returns how to start a program with those descriptors closed: Node itself can't. */
export const commandOf = async (
  look: string,
  program: string,
  args: readonly string[],
): Promise<Command> => ({ look, program, args, closed: await closedDescriptors() })
