import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'

export const { errno } = constants

/** System calls by their numbers, on the machines that tests run on. */
const numbers = {
  x64: { fcntl: 72, prctl: 157, epoll_create1: 291, pidfd_open: 434, statx: 332, socket: 41 },
  arm64: { fcntl: 25, prctl: 167, epoll_create1: 20, pidfd_open: 434, statx: 291, socket: 198 },
} as const

/** The numbers here, undefined where they are not known. */
export const machine = process.arch === 'x64' || process.arch === 'arm64' ? numbers[process.arch] : undefined

/** A system call that fails; with `argument`, only where that one `is` so. */
export type Rule = { call: keyof (typeof numbers)['x64']; argument?: number; is?: number; error: number }

// seccomp(2) and bpf: struct seccomp_data has the number at 0, and the arguments, eight bytes each, from 16 on.
const load = (offset: number): Instruction => [0x20, 0, 0, offset]
const jumpUnless = (value: number, skip: number): Instruction => [0x15, 0, skip, value]
const answer = (what: number): Instruction => [0x06, 0, 0, what]
const allow = 0x7fff0000
const fail = 0x00050000

type Instruction = [code: number, ifTrue: number, ifFalse: number, value: number]

/** Writes the rules as a program for `bwrap --seccomp`, and returns its path. */
export function filterFile(path: string, rules: readonly Rule[]): string {
  if (machine === undefined) throw new Error(process.arch)
  const program: Instruction[] = rules.flatMap(({ call, argument, is = 0, error }): Instruction[] => {
    const number = machine[call]
    return argument === undefined
      ? [load(0), jumpUnless(number, 1), answer(fail | error)]
      : [load(0), jumpUnless(number, 3), load(16 + 8 * argument), jumpUnless(is, 1), answer(fail | error)]
  })
  const bytes = Buffer.concat(
    [...program, answer(allow)].map(([code, ifTrue, ifFalse, value]) => {
      const instruction = Buffer.alloc(8)
      instruction.writeUInt16LE(code, 0)
      instruction.writeUInt8(ifTrue, 2)
      instruction.writeUInt8(ifFalse, 3)
      instruction.writeUInt32LE(value, 4)
      return instruction
    }),
  )
  writeFileSync(path, bytes)
  return path
}
