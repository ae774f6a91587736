/** Taken places that are kept at the front before the rest moves up. */
const SLACK = 64

/** First in, first out, however many wait, at one array slot each. */
export class Queue<T> {
  /** The one whose turn is next. Most queues hold one at most, and need no array for it. */
  #first: T | undefined
  /** Those behind it. */
  #others: (T | undefined)[] | undefined
  #taken = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The one whose turn is next. */
  get first(): T | undefined {
    return this.#first
  }

  push(item: T): void {
    if (this.#length === 0) this.#first = item
    else if (this.#others === undefined) this.#others = [item]
    else this.#others.push(item)
    this.#length += 1
  }

  /** Puts another one in the place of the first. */
  replaceFirst(item: T): void {
    if (this.#length > 0) this.#first = item
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    const item = this.#first
    if (this.#length > 0) this.#length -= 1
    this.#first = this.#others === undefined ? undefined : this.#next(this.#others)
    return item
  }

  clear(): void {
    this.#first = undefined
    this.#others = undefined
    this.#taken = 0
    this.#length = 0
  }

  #next(others: (T | undefined)[]): T | undefined {
    const item = others[this.#taken]
    others[this.#taken] = undefined
    this.#taken += 1
    if (this.#taken === others.length) {
      this.#others = undefined
      this.#taken = 0
    }
    // Half of it at least, so that each item moves once on average.
    else if (this.#taken > SLACK && 2 * this.#taken > others.length) {
      this.#others = others.slice(this.#taken)
      this.#taken = 0
    }
    return item
  }
}
