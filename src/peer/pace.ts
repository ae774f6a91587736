import type { Clock } from '../stream/environment.js'

/** ms of one turn of the event loop that one peer may take: with more, one that floods starves the others. */
const SHARE = 4

/**
 * Whether a peer has worked long enough for now. What it worked counts, and what passes while others work is taken off
 * again: chunks that come back to back in one turn are one piece of work.
 */
export class Pace {
  readonly #clock: Clock
  #worked = 0
  #since = 0
  #idleSince = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Work begins; the time, ms. */
  begin(): number {
    const now = this.#clock.monotonic()
    this.#worked = Math.max(0, this.#worked - (now - this.#idleSince))
    this.#since = now
    return now
  }

  /** Whether it has lasted too long. */
  spent(now: number): boolean {
    return this.#worked + now - this.#since > SHARE
  }

  /** Work ends. */
  end(now: number): void {
    this.#worked += now - this.#since
    this.#idleSince = now
  }

  /** Others had their turn. */
  rested(): void {
    this.#worked = 0
  }
}
