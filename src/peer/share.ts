/** What the subscribers of one request hold of what it gave them. */
export class Share {
  readonly #freed: () => void
  #holds = 0

  /** @param freed - called each time nothing of it is held any more */
  constructor(freed: () => void) {
    this.#freed = freed
  }

  /** Whether something of it is held. */
  get held(): boolean {
    return this.#holds > 0
  }

  /** Something of it is held until the returned function is called. */
  hold(): () => void {
    this.#holds += 1
    let open = true
    return () => {
      if (!open) return
      open = false
      this.#holds -= 1
      if (this.#holds === 0) this.#freed()
    }
  }
}
