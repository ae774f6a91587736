import type { SchedulerLike, Subscription } from 'rxjs'
import { type Environment, MAX_DELAY } from '../../stream/environment.js'

/**
 * A deadline that moves. Its one timer looks at the time when it fires: to arm another with each answer of a remote
 * would cost more than the answer.
 */
export class Deadline {
  readonly #scheduler: SchedulerLike
  readonly #now: () => number
  readonly #ms: number
  readonly #expired: () => void
  #timer: Subscription | undefined
  #due = Number.POSITIVE_INFINITY

  /** @param ms - Infinity for none */
  constructor({ scheduler, clock }: Environment, ms: number, expired: () => void) {
    this.#scheduler = scheduler
    this.#now = () => clock.monotonic()
    this.#ms = ms
    this.#expired = expired
  }

  /** Counts from now on. */
  start(): void {
    this.#due = this.#now() + this.#ms
    if (this.#timer === undefined) this.#arm()
  }

  /** Counts no more, and leaves no timer. */
  stop(): void {
    this.#due = Number.POSITIVE_INFINITY
    this.#timer?.unsubscribe()
    this.#timer = undefined
  }

  #arm(): void {
    const left = this.#due - this.#now()
    if (left === Number.POSITIVE_INFINITY) return
    this.#timer = this.#scheduler.schedule(
      () => {
        this.#timer?.unsubscribe()
        this.#timer = undefined
        if (this.#due > this.#now()) this.#arm()
        else this.#expired()
      },
      Math.min(left, MAX_DELAY),
    )
  }
}
