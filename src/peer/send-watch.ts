import { Subscription } from 'rxjs'
import { type Environment, MAX_DELAY } from '../stream/environment.js'
import type { Outbox } from './outbox.js'

/** ms without progress after which what waits to be written never will be (Core `TIMEOUT_INTERVAL`). */
export const SEND_TIMEOUT = 1_200_000

/**
 * ms to the first look. What waits is mostly taken by then, and nothing is armed any more: a peer that is idle sends a ping
 * now and then, and would have the timer of twenty minutes for all its life.
 */
const FIRST_LOOK = 1_000

/** What a watch tells. */
export interface SendWatchEvents {
  /** Nothing was written for too long. */
  stalled(): void
}

/** Finds a remote that reads nothing more. It looks when it fires, and has no timer for long while nothing waits. */
export class SendWatch {
  readonly #outbox: Pick<Outbox, 'empty' | 'lastProgress'>
  readonly #environment: Environment
  readonly #timeout: number
  readonly #events: SendWatchEvents
  #timer: Subscription | undefined

  /** @param timeout - ms that may pass without progress */
  constructor(
    outbox: Pick<Outbox, 'empty' | 'lastProgress'>,
    environment: Environment,
    timeout: number,
    events: SendWatchEvents,
  ) {
    this.#outbox = outbox
    this.#environment = environment
    this.#timeout = timeout
    this.#events = events
  }

  /** Something waits. */
  look(): void {
    this.#timer ??= this.#after(Math.min(FIRST_LOOK, this.#timeout))
  }

  stop(): void {
    this.#timer?.unsubscribe()
    this.#timer = Subscription.EMPTY
  }

  #after(ms: number): Subscription {
    const { scheduler } = this.#environment
    return scheduler.schedule(fire, Math.min(Math.max(ms, 1), MAX_DELAY), this)
  }

  /** For its timer. */
  fired(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
    if (this.#outbox.empty) return
    const left = this.#outbox.lastProgress + this.#timeout - this.#environment.clock.monotonic()
    if (left > 0) this.#timer = this.#after(left)
    else this.#events.stalled()
  }
}

/** One function for the timers of all peers. */
function fire(watch: SendWatch | undefined): void {
  watch?.fired()
}
