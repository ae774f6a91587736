/** An event of the inbound side: a frame, or the end of them. */
export type InboxHandler<T> = (item: T) => void

/**
 * Handles items one at a time and in order, also those that arrive while one is being handled: the loop is never
 * entered twice. While held, items wait.
 */
export class Inbox<T> {
  readonly #handle: InboxHandler<T>
  #items: T[] = []
  #next = 0
  #draining = false
  #held = false
  #closed = false

  constructor(handle: InboxHandler<T>) {
    this.#handle = handle
  }

  /** Whether an item is being handled. */
  get draining(): boolean {
    return this.#draining
  }

  push(item: T): void {
    if (this.#closed) return
    this.#items.push(item)
    this.#drain()
  }

  /** Stops handling after the item in hand. */
  hold(): void {
    this.#held = true
  }

  /** Goes on where `hold` stopped. */
  release(): void {
    this.#held = false
    this.#drain()
  }

  /** Forgets what waits; nothing is handled any more. */
  close(): void {
    this.#closed = true
    this.#items = []
    this.#next = 0
  }

  #drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      while (!this.#held && this.#next < this.#items.length) {
        const item = this.#items[this.#next]!
        this.#next += 1
        this.#handle(item)
      }
    } finally {
      this.#draining = false
    }
    if (this.#next === this.#items.length) {
      this.#items = []
      this.#next = 0
    }
  }
}
