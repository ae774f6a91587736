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
 * Steps of work from one reading of the clock to the next, in a flood of quick ones: a reading takes 80 to 110 ns, a small
 * message 400. A handler that takes long all of a sudden is seen so many messages late, and only once.
 */
const STRIDE = 16
/** Readings in a row that have to tell of quick steps before there are fewer of them. */
const TRUST = 64
/** ms between two readings up to which the steps are quick ones. */
const QUICK = 0.1
/** Bytes of a message that count as one more step: 4 KB are looked at at once. */
const STEP_BYTES = 256

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
  /** What the clock said last, and wall time then, where somebody asked. */
  #latest = 0
  #epoch: number | undefined
  #quick = 0
  #steps = 1

  constructor(environment: PaceEnvironment) {
    this.#environment = environment
  }

  /** Work begins, perhaps inside of other work; the time, ms. */
  begin(): number {
    this.#depth += 1
    if (this.#depth > 1) return this.#latest
    const now = this.#environment.clock.monotonic()
    this.#worked = Math.max(0, this.#worked - (now - this.#idleSince))
    this.#since = now
    this.#note(now)
    return now
  }

  /**
   * A step of the work is done; the time, ms, to within a few quick steps.
   * @param bytes - what the step was about: large messages take longer
   */
  step(bytes = 0): number {
    this.#steps -= 1 + Math.floor(bytes / STEP_BYTES)
    return this.#steps > 0 ? this.#latest : this.#read()
  }

  /** The time, ms; within work, to within a few quick steps. */
  monotonic(): number {
    return this.#depth > 0 ? this.#latest : this.#environment.clock.monotonic()
  }

  /** Wall time, ms since 1970; within work, to within a few quick steps. */
  epoch(): number {
    if (this.#depth === 0) return this.#environment.clock.epoch()
    this.#epoch ??= this.#environment.clock.epoch()
    return this.#epoch
  }

  /** Whether work has lasted too long. */
  get spent(): boolean {
    return this.#worked + this.#latest - this.#since > this.#share
  }

  /** Work ends; the time, ms. */
  end(): number {
    this.#depth -= 1
    if (this.#depth > 0) return this.#latest
    const now = this.#steps < this.#stride ? this.#read() : this.#latest
    this.#worked += now - this.#since
    this.#idleSince = now
    return now
  }

  #read(): number {
    const now = this.#environment.clock.monotonic()
    this.#quick = now - this.#latest > QUICK ? 0 : this.#quick + 1
    this.#note(now)
    return now
  }

  get #stride(): number {
    return this.#quick < TRUST ? 1 : STRIDE
  }

  #note(now: number): void {
    this.#latest = now
    this.#epoch = undefined
    this.#steps = this.#stride
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
