import { Subscription } from 'rxjs'
import { type Environment, MAX_DELAY } from '../stream/environment.js'
import type { Outbox } from './outbox.js'

/** ms without progress after which what waits to be written never will be (Core `TIMEOUT_INTERVAL`). */
export const SEND_TIMEOUT = 1_200_000

/** Time, and how much of it may pass without progress. */
export interface SendWatchOptions extends Environment {
  /** ms */
  readonly sendTimeout: number
}

/** What a watch tells. */
export interface SendWatchEvents {
  /** Nothing was written for too long. */
  stalled(): void
}

/** Finds a remote that reads nothing more. It looks when it fires, and has no timer while nothing waits. */
export class SendWatch {
  readonly #outbox: Pick<Outbox, 'empty' | 'lastProgress'>
  readonly #options: SendWatchOptions
  readonly #events: SendWatchEvents
  #timer: Subscription | undefined

  constructor(
    outbox: Pick<Outbox, 'empty' | 'lastProgress'>,
    options: SendWatchOptions,
    events: SendWatchEvents,
  ) {
    this.#outbox = outbox
    this.#options = options
    this.#events = events
  }

  /** Something waits. */
  look(): void {
    this.#timer ??= this.#after(this.#options.sendTimeout)
  }

  stop(): void {
    this.#timer?.unsubscribe()
    this.#timer = Subscription.EMPTY
  }

  #after(ms: number): Subscription {
    const { scheduler } = this.#options
    return scheduler.schedule(() => this.#fired(), Math.min(Math.max(ms, 1), MAX_DELAY))
  }

  #fired(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
    if (this.#outbox.empty) return
    const left = this.#outbox.lastProgress + this.#options.sendTimeout - this.#options.clock.monotonic()
    if (left > 0) this.#timer = this.#after(left)
    else this.#events.stalled()
  }
}
