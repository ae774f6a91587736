/** Callbacks that are called once, in the order in which they came. */
export class Callbacks {
  #waiting: readonly (() => void)[] = []

  /** The returned function takes it back. */
  add(go: () => void): () => void {
    const call = () => go()
    this.#waiting = [...this.#waiting, call]
    return () => this.#drop(call)
  }

  call(): void {
    for (const go of this.#waiting) {
      // One of them may take another one back.
      if (!this.#waiting.includes(go)) continue
      this.#drop(go)
      go()
    }
  }

  clear(): void {
    this.#waiting = []
  }

  #drop(call: () => void): void {
    this.#waiting = this.#waiting.filter(other => other !== call)
  }
}
