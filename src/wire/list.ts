/**
 * A read-only list. Arrays are lists, so literals can be sent; decoded messages hold views over the received bytes,
 * which make an item anew each time it is asked for.
 */
export interface List<T> extends Iterable<T> {
  /** How many items there are. */
  readonly length: number
  readonly [index: number]: T
  /** The item at index `i`, counted from the end where negative; `undefined` outside the list, as arrays answer. */
  at(i: number): T | undefined
}

/** Goes through a list from its beginning. A generator takes 25 ns an item more: V8 does not inline it (measured). */
class ListIterator<T> implements IterableIterator<T> {
  readonly #list: List<T>
  readonly #read: (index: number) => T
  #next = 0

  constructor(list: List<T>, read: (index: number) => T) {
    this.#list = list
    this.#read = read
  }

  next(): IteratorResult<T, undefined> {
    const index = this.#next
    if (index >= this.#list.length) return { done: true, value: undefined }
    this.#next = index + 1
    return { done: false, value: this.#read(index) }
  }

  [Symbol.iterator](): this {
    return this
  }
}

// What all iterators have in common, such as the helpers of newer engines.
Object.setPrototypeOf(
  ListIterator.prototype,
  Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
)

/** A list whose items are made on each access by `read`, and never kept. */
export class ListView<T> implements List<T> {
  /** How many items there are. */
  readonly length: number
  readonly [index: number]: T
  readonly #read: (index: number) => T

  constructor(length: number, read: (index: number) => T) {
    this.length = length
    this.#read = read
  }

  at(i: number): T | undefined {
    const index = i < 0 ? this.length + i : i
    return index >= 0 && index < this.length ? this.#read(index) : undefined
  }

  /** The items in order, each made when its turn comes. */
  [Symbol.iterator](): Iterator<T> {
    return new ListIterator(this, this.#read)
  }
}

function indexOf(key: string | symbol): number | undefined {
  return typeof key === 'string' && /^(0|[1-9]\d*)$/.test(key) ? Number(key) : undefined
}

// Whatever has a length is an array to many helpers, RxJS's `from` among them: they index it. Behind the class in the
// chain of prototypes a proxy answers that, and costs nothing where a property is found before.
Object.setPrototypeOf(
  ListView.prototype,
  new Proxy(Object.prototype, {
    get: (target, key, receiver) => {
      const index = indexOf(key)
      return index !== undefined && receiver instanceof ListView
        ? receiver.at(index)
        : Reflect.get(target, key, receiver)
    },
  }),
)
