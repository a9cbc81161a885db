/** The seed of this process: JOBSHIM_TEST_SEED repeats what an earlier one did, as far as the machine does the same twice. */
export const seed = Number(process.env.JOBSHIM_TEST_SEED ?? Date.now() % 1_000_000)

/** Returns numbers from 0 to 1 that a seed repeats (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
