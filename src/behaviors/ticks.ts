import type { SchedulerAction, SchedulerLike, Subscription, Unsubscribable } from 'rxjs'

/**
 * A clockwork for work that comes in batches: calls `tick` at every whole `period` ms since it was made, while it is
 * started. An idle peer has no timer for work that it does not have. Unsubscribing stops it for good.
 */
export abstract class Ticks implements Unsubscribable {
  readonly #scheduler: SchedulerLike
  readonly #period: number
  readonly #born: number
  #timer: Subscription | undefined

  /** @param scheduler - runs the timer; its `now` keeps the beat */
  constructor(scheduler: SchedulerLike, period: number) {
    this.#scheduler = scheduler
    this.#period = period
    this.#born = scheduler.now()
  }

  /** Does what there is to do. */
  protected abstract tick(): void

  /** There is work: runs from now on, unless it does already. */
  protected start(): void {
    this.#timer ??= this.#scheduler.schedule(beat, this.left(), this)
  }

  /** There is none for now. */
  protected stop(): void {
    this.#timer?.unsubscribe()
    this.#timer = undefined
  }

  /** ms to the next tick. */
  protected left(): number {
    return this.#period - ((this.#scheduler.now() - this.#born) % this.#period)
  }

  /** For its timer, which is set anew each time it fires, before the work is done. */
  fire(timer: SchedulerAction<Ticks>): void {
    timer.schedule(this, this.left())
    this.tick()
  }

  unsubscribe(): void {
    this.stop()
  }
}

/** One function for the timers of all peers. */
function beat(this: SchedulerAction<Ticks>, ticks: Ticks | undefined): void {
  ticks?.fire(this)
}
