interface Link<T> {
  readonly item: T
  next: Link<T> | undefined
}

/**
 * First in, first out, however many wait. `shift` of a long array moves all that is behind, and an index into one keeps
 * what is taken as long as anything waits.
 */
export class Queue<T> {
  #first: Link<T> | undefined
  #last: Link<T> | undefined

  /** The one whose turn is next. */
  get first(): T | undefined {
    return this.#first?.item
  }

  push(item: T): void {
    const link: Link<T> = { item, next: undefined }
    if (this.#last === undefined) this.#first = link
    else this.#last.next = link
    this.#last = link
  }

  /** Takes the first one out. */
  shift(): T | undefined {
    const link = this.#first
    this.#first = link?.next
    if (this.#first === undefined) this.#last = undefined
    return link?.item
  }
}
