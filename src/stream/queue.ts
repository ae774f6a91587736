/** Taken places that are kept at the front before the rest moves up. */
const SLACK = 64

/** First in, first out, however many wait, at one array slot each. */
export class Queue<T> {
  /** Made with the first item: most queues of most peers are never used. */
  #items: (T | undefined)[] | undefined
  #taken = 0

  get length(): number {
    return this.#items === undefined ? 0 : this.#items.length - this.#taken
  }

  /** The one whose turn is next. */
  get first(): T | undefined {
    return this.#items?.[this.#taken]
  }

  push(item: T): void {
    if (this.#items === undefined) this.#items = [item]
    else this.#items.push(item)
  }

  /** Puts another one in the place of the first. */
  replaceFirst(item: T): void {
    if (this.#items !== undefined) this.#items[this.#taken] = item
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    const items = this.#items
    if (items === undefined) return undefined
    const item = items[this.#taken]
    items[this.#taken] = undefined
    this.#taken += 1
    if (this.#taken === items.length) this.clear()
    // Half of it at least, so that each item moves once on average.
    else if (this.#taken > SLACK && 2 * this.#taken > items.length) {
      this.#items = items.slice(this.#taken)
      this.#taken = 0
    }
    return item
  }

  clear(): void {
    this.#items = undefined
    this.#taken = 0
  }
}
