import type { SchedulerLike, Subscription, Unsubscribable } from 'rxjs'

/** A clockwork for work that comes in batches. Unsubscribing stops it for good. */
export interface Ticks extends Unsubscribable {
  /** There is work: runs from now on, unless it does already. */
  start(): void
  /** There is none for now. */
  stop(): void
}

/**
 * Calls `tick` at every whole `period` ms since the call of this function while it is started: an idle peer has no
 * timer for work that it does not have.
 * @param scheduler - runs the timer; its `now` keeps the beat
 */
export function ticks(scheduler: SchedulerLike, period: number, tick: () => void): Ticks {
  return new Beat(scheduler, period, tick)
}

class Beat implements Ticks {
  readonly #scheduler: SchedulerLike
  readonly #period: number
  readonly #tick: () => void
  readonly #born: number
  #timer: Subscription | undefined

  constructor(scheduler: SchedulerLike, period: number, tick: () => void) {
    this.#scheduler = scheduler
    this.#period = period
    this.#tick = tick
    this.#born = scheduler.now()
  }

  start(): void {
    this.#timer ??= repeating(this.#scheduler, () => this.#left(), this.#tick)
  }

  stop(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
  }

  unsubscribe(): void {
    this.stop()
  }

  #left(): number {
    return this.#period - ((this.#scheduler.now() - this.#born) % this.#period)
  }
}

/** Calls `tick` after each delay, whether or not there is work: what comes between two ticks must not show. */
export function freeTicks(scheduler: SchedulerLike, delay: () => number, tick: () => void): Ticks {
  const timer = repeating(scheduler, delay, tick)
  return { start: () => {}, stop: () => {}, unsubscribe: () => timer.unsubscribe() }
}

/** One timer that is set anew each time it fires, before its work is done. */
function repeating(scheduler: SchedulerLike, delay: () => number, work: () => void): Subscription {
  return scheduler.schedule(function () {
    this.schedule(undefined, delay())
    work()
  }, delay())
}
