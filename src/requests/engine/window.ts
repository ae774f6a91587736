/** Entries on their way at a time. */
export interface WindowSize {
  /** While nothing is known of their sizes. */
  readonly first: number
  /** However small they are. */
  readonly most: number
}

/** How many entries to have on their way: few at first, then as many as are small enough to be held back together. */
export class Window {
  readonly #most: number
  readonly #limit: number
  #count: number
  #largest = 0

  /** @param limit - bytes that entries may take together */
  constructor({ first, most }: WindowSize, limit: number) {
    this.#most = most
    this.#count = Math.min(first, most)
    this.#limit = limit
  }

  /** How many at a time. */
  get size(): number {
    return Math.min(this.#count, Math.max(1, this.fit(this.#limit)))
  }

  /** How many of the largest size seen take so many bytes; Infinity while none is. */
  fit(bytes: number): number {
    return this.#largest === 0 ? Number.POSITIVE_INFINITY : Math.floor(Math.max(0, bytes) / this.#largest)
  }

  /** One has come, and takes so many bytes. */
  saw(bytes: number): void {
    this.#largest = Math.max(this.#largest, bytes)
  }

  /** The remote keeps up: twice as many. */
  grow(): void {
    if (this.#largest > 0) this.#count = Math.min(this.#most, 2 * this.#count)
  }
}
