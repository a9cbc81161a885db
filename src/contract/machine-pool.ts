/** The machine's pool (docs/protocol.md). */

/** The name of its FIFO in the state directory; the other files have it before their suffixes. */
export const machinePool = 'machine'
