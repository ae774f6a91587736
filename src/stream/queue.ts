/** Taken places that are kept at the front before the rest moves up. */
const SLACK = 64

/** First in, first out, however many wait, at one array slot each. */
export class Queue<T> {
  #items: (T | undefined)[] = []
  #taken = 0

  get length(): number {
    return this.#items.length - this.#taken
  }

  /** The one whose turn is next. */
  get first(): T | undefined {
    return this.#items[this.#taken]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** Puts another one in the place of the first. */
  replaceFirst(item: T): void {
    if (this.length > 0) this.#items[this.#taken] = item
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#taken]
    this.#items[this.#taken] = undefined
    this.#taken += 1
    // Half of it at least, so that each item moves once on average.
    if (this.#taken === this.#items.length) this.clear()
    else if (this.#taken > SLACK && 2 * this.#taken > this.#items.length) {
      this.#items = this.#items.slice(this.#taken)
      this.#taken = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#taken = 0
  }
}
