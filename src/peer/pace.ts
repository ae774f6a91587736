import type { Clock } from '../stream/environment.js'

/** ms of one turn of the event loop that one peer may take: with more, one that floods starves the others. */
const SHARE = 4
/** ms of one turn that all peers may take together: where ten or more have work, a share is smaller. */
const TURN = 40

/** How many peers have put work off to the next turn of the same event loop. */
export interface Crowd {
  busy: number
}

/** Time, a turn of the event loop behind all that waits in this one, and who wants it too. */
export interface PaceEnvironment {
  readonly clock: Clock
  readonly crowd: Crowd
  nextTurn(work: () => void): void
}

/**
 * Whether a peer has worked long enough for now, be it reading, answering or telling what was written. What it worked
 * counts, and what passes while others work is taken off again: chunks that come back to back in one turn are one piece of
 * work. Work that is put off goes on in the next turn, each kind as often as the others.
 */
export class Pace {
  readonly #environment: PaceEnvironment
  #worked = 0
  #since = 0
  #idleSince = 0
  /** How many pieces of work are in progress, one inside of the other. */
  #depth = 0
  #later: (() => void)[] | undefined

  constructor(environment: PaceEnvironment) {
    this.#environment = environment
  }

  /** Work begins, perhaps inside of other work; the time, ms. */
  begin(): number {
    const now = this.#environment.clock.monotonic()
    this.#depth += 1
    if (this.#depth > 1) return now
    this.#worked = Math.max(0, this.#worked - (now - this.#idleSince))
    this.#since = now
    return now
  }

  /** The time, ms. */
  now(): number {
    return this.#environment.clock.monotonic()
  }

  /** Whether it has lasted too long. */
  spent(now: number): boolean {
    return this.#worked + now - this.#since > this.#share
  }

  /** Work ends. */
  end(now: number): void {
    this.#depth -= 1
    if (this.#depth > 0) return
    this.#worked += now - this.#since
    this.#idleSince = now
  }

  /** Does the rest of some work when others have had their turn. */
  later(work: () => void): void {
    if (this.#later === undefined) this.#queue([work])
    else this.#later.push(work)
  }

  get #share(): number {
    return Math.min(SHARE, TURN / (this.#environment.crowd.busy + 1))
  }

  #queue(work: (() => void)[]): void {
    this.#later = work
    this.#environment.crowd.busy += 1
    this.#environment.nextTurn(() => this.#turn())
  }

  #take(): (() => void)[] {
    const due = this.#later ?? []
    this.#later = undefined
    this.#environment.crowd.busy -= 1
    return due
  }

  #turn(): void {
    const due = this.#take()
    this.#worked = 0
    for (let next = due.shift(); next !== undefined; next = due.shift()) {
      next()
      if (this.#worked > this.#share) break
    }
    if (due.length === 0) return
    // Whoever had no turn in this one is the first in the next.
    if (this.#later === undefined) this.#queue(due)
    else this.#later.unshift(...due)
  }
}
