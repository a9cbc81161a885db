/** An object for the host with code for devices in it, which clang-linker-wrapper links first: LLVM's OffloadBinary, version 1. */
const header = 32
const entry = 40
const string = 16
const [isObject, isOpenMp] = [1, 1]

const padded = (length: number): number => Math.ceil(length / 8) * 8

function imageFor(arch: string, image: Buffer): Buffer {
  const words = ['triple', 'amdgcn-amd-amdhsa', 'arch', arch].map(word => Buffer.from(`${word}\0`))
  const table = header + entry
  const text = table + (words.length / 2) * string
  const at = padded(text + Buffer.concat(words).length)
  const file = Buffer.alloc(padded(at + image.length))
  Buffer.from([0x10, 0xff, 0x10, 0xad, 1]).copy(file)
  for (const [index, value] of [file.length, header, entry].entries())
    file.writeBigUInt64LE(BigInt(value), 8 + 8 * index)
  file.writeUInt16LE(isObject, header)
  file.writeUInt16LE(isOpenMp, header + 2)
  for (const [index, value] of [table, words.length / 2, at, image.length].entries())
    file.writeBigUInt64LE(BigInt(value), header + 8 + 8 * index)
  let offset = text
  for (const [index, word] of words.entries()) {
    file.writeBigUInt64LE(BigInt(offset), table + 8 * index)
    word.copy(file, offset)
    offset += word.length
  }
  image.copy(file, at)
  return file
}

/** The section's contents, with the same image for each of these. */
export const imagesFor = (archs: readonly string[], image: Buffer): Buffer =>
  Buffer.concat(archs.map(arch => imageFor(arch, image)))

/** What puts them into an object of the host's. */
export const hostSource = (images: string): string =>
  `.globl _start\n_start: ret\n.section .llvm.offloading,"e",@0x6fff4c0b\n.incbin "${images}"\n`
