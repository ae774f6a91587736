import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'
import type { Clock, Environment, Random } from '../stream/environment.js'
import type { Crowd } from './pace.js'

/** Time and dice, and a turn of the event loop behind all that waits in this one. */
export interface Surroundings extends Environment {
  readonly nextTurn: (work: () => void) => void
  /** Who else wants that turn. */
  readonly crowd: Crowd
}

/** Who is told what a callback of the user threw. */
export interface GuardHost {
  /** Whether it has not ended. */
  readonly live: boolean
  threw(where: string, cause: unknown): void
}

/**
 * The time and the dice that a user gave a peer, as they may be used in the middle of anything: where they throw, or work
 * that one of the timers does throws, this peer hears of it, and nobody else. One object for all: most peers are idle.
 */
export class Guard implements Surroundings, Clock, Random, SchedulerLike {
  readonly #given: Surroundings
  readonly #host: GuardHost

  constructor(given: Surroundings, host: GuardHost) {
    this.#given = given
    this.#host = host
  }

  get clock(): Clock {
    return this
  }

  get random(): Random {
    return this
  }

  get scheduler(): SchedulerLike {
    return this
  }

  get crowd(): Crowd {
    return this.#given.crowd
  }

  /** Where it fails, any time will do for the little that is still done. */
  monotonic(): number {
    try {
      return this.#given.clock.monotonic()
    } catch (cause) {
      this.#host.threw('clock', cause)
      return 0
    }
  }

  epoch(): number {
    try {
      return this.#given.clock.epoch()
    } catch (cause) {
      this.#host.threw('clock', cause)
      return 0
    }
  }

  now(): number {
    try {
      return this.#given.scheduler.now()
    } catch (cause) {
      this.#host.threw('scheduler', cause)
      return 0
    }
  }

  /** Nobody can go on without: it is told, and thrown as well. */
  bytes(size: number): Uint8Array {
    try {
      return this.#given.random.bytes(size)
    } catch (cause) {
      this.#host.threw('random', cause)
      throw cause
    }
  }

  /** Who has ended sets no timer more: whatever ended it may have been called for the length of this one. */
  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription {
    const host = this.#host
    if (!host.live) return Subscription.EMPTY
    try {
      return this.#given.scheduler.schedule<T>(
        function (value) {
          try {
            work.call(this, value)
          } catch (cause) {
            host.threw('a timer', cause)
          }
        },
        delay,
        state,
      )
    } catch (cause) {
      host.threw('scheduler', cause)
      return Subscription.EMPTY
    }
  }

  nextTurn(work: () => void): void {
    try {
      this.#given.nextTurn(() => {
        try {
          work()
        } catch (cause) {
          this.#host.threw('a callback', cause)
        }
      })
    } catch (cause) {
      this.#host.threw('scheduler', cause)
    }
  }
}
