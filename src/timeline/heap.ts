/** A heap: whatever comes first is found at once, however many there are. */
export class Heap<Item> {
  readonly #items: Item[] = []

  constructor(private readonly isBefore: (item: Item, other: Item) => boolean) {}

  /** Returns the first one, and leaves it there. */
  first(): Item | undefined {
    return this.#items[0]
  }

  push(item: Item): void {
    const items = this.#items
    let at = items.length
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = items[above] as Item
      if (!this.isBefore(item, other)) break
      items[at] = other
      at = above
    }
    items[at] = item
  }

  /** Takes the first one. */
  pop(): Item | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (last !== undefined && items.length > 0) this.#sink(last)
    return first
  }

  /** Puts an item in the place of the first one, and below all that come before it. */
  #sink(item: Item): void {
    const items = this.#items
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= items.length) break
      const [left, right] = [items[below] as Item, items[below + 1]]
      if (right !== undefined && this.isBefore(right, left)) below += 1
      const other = items[below] as Item
      if (!this.isBefore(other, item)) break
      items[at] = other
      at = below
    }
    items[at] = item
  }
}
