/**
 * A read-only list. Arrays are lists, so literals can be sent; decoded messages hold views over the received bytes,
 * which make an item when it is asked for.
 */
export interface List<T> extends Iterable<T> {
  readonly length: number
  /** The item at index `i`; `undefined` outside the list, as arrays answer. */
  at(i: number): T | undefined
}

/** A list whose items are made on each access by `read`, and never kept. */
export class ListView<T> implements List<T> {
  readonly length: number
  readonly #read: (index: number) => T

  constructor(length: number, read: (index: number) => T) {
    this.length = length
    this.#read = read
  }

  at(i: number): T | undefined {
    const index = i < 0 ? this.length + i : i
    return index >= 0 && index < this.length ? this.#read(index) : undefined
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.length; index += 1) yield this.#read(index)
  }
}
