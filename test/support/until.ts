/** Waits that end: a test that hangs fails, and says at what. */
export const defaultHangSeconds = 90 // of a machine that others keep busy

/** Fails after a bounded time, with what `describe` tells, where the promise doesn't settle. */
export function within<T>(
  promise: Promise<T>,
  describe: () => string,
  seconds = defaultHangSeconds,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const hang = setTimeout(() => reject(new Error(`hangs: ${describe()}`)), seconds * 1000)
    promise.then(resolve, reject).finally(() => clearTimeout(hang))
  })
}

/** Looks every few milliseconds until it is so; fails after a bounded time. */
export async function until(what: string, isSo: () => boolean, seconds = defaultHangSeconds): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`hangs: until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 4))
  }
}
