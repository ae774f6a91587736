/** Held bytes above which the connection is paused (Core `-maxreceivebuffer`, 5,000 kB). */
export const HIGH_WATER = 5_000_000
/** Bytes that every held message counts at least: its objects take memory too. */
export const HOLD_OVERHEAD = 512

/** Counts the bytes that handlers hold, and pauses and resumes what brings more. */
export class Holds {
  readonly #pause: () => void
  readonly #resume: () => void
  #held = 0
  #paused = false

  constructor(pause: () => void, resume: () => void) {
    this.#pause = pause
    this.#resume = resume
  }

  /** Holds bytes until the returned function is called; calling it again does nothing. */
  hold(bytes: number): () => void {
    const counted = Math.max(bytes, HOLD_OVERHEAD)
    this.#held += counted
    if (this.#held > HIGH_WATER && !this.#paused) {
      this.#paused = true
      this.#pause()
    }
    let released = false
    return () => {
      if (released) return
      released = true
      this.#held -= counted
      if (this.#paused && this.#held <= HIGH_WATER / 2) {
        this.#paused = false
        this.#resume()
      }
    }
  }
}
