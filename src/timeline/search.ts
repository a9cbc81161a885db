/** Search by halves. */

/** Returns the first index below `count` for which `is` holds, else `count`. It must hold for all that follow, too. */
export function firstIndex(count: number, is: (index: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if (is(middle)) high = middle
    else low = middle + 1
  }
  return low
}
