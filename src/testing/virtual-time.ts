import { type SchedulerLike, VirtualAction, VirtualTimeScheduler } from 'rxjs'
import type { Clock } from '../stream/environment.js'
import { TEST_EPOCH } from './marbles.js'

/** Time that stands still until the test moves it; see {@link virtualTime}. */
export interface VirtualTime {
  /** For the option `scheduler`: runs every timer. */
  readonly scheduler: SchedulerLike
  /** For the option `clock`: tells the time of this moment. */
  readonly clock: Clock
  /** ms since the beginning. */
  readonly now: number
  /** How many timers wait: 0 is what a closed peer leaves behind. */
  readonly pending: number
  /**
   * Lets time pass. Timers run when their time comes, those of the last millisecond included, each with the clock at
   * its own time, and so do those that they set. One that throws takes nothing from the others: time goes on to its end,
   * and then the first error comes out here. What subscribers throw does not, for RxJS reports it by itself.
   * @param ms - 0 runs what is due now
   * @throws RangeError for a negative or endless time
   * @throws Error inside of a timer: real timers never run in the middle of each other either
   */
  advance(ms: number): void
}

/** Options of {@link virtualTime}. */
export interface VirtualTimeOptions {
  /** Wall time at the beginning, ms since 1970. Default 1,700,000,000,000 (2023-11-14). */
  readonly epoch?: number | undefined
}

/**
 * Virtual time for tests without diagrams: hours pass at the call, and nothing happens between two calls.
 * Promises are not part of it: await what they lead to before time goes on.
 * @example
 * const time = virtualTime()
 * connect(dial, { scheduler: time.scheduler, clock: time.clock }).subscribe(…)
 * time.advance(120_000) // the first keep-alive ping has left
 */
export function virtualTime({ epoch = TEST_EPOCH }: VirtualTimeOptions = {}): VirtualTime {
  const scheduler = new VirtualTimeScheduler(VirtualAction)
  let advancing = false
  // Not `flush`, which drops all timers when one throws.
  const runUntil = (end: number) => {
    const errors: unknown[] = []
    for (;;) {
      const [timer] = scheduler.actions
      if (timer === undefined || timer.delay > end) break
      scheduler.actions.shift()
      scheduler.frame = timer.delay
      const error: unknown = timer.execute(timer.state, timer.delay)
      if (error !== undefined) errors.push(error)
    }
    scheduler.frame = end
    if (errors.length > 0) throw errors[0]
  }
  return {
    scheduler,
    clock: { monotonic: () => scheduler.frame, epoch: () => epoch + scheduler.frame },
    get now() {
      return scheduler.frame
    },
    get pending() {
      return scheduler.actions.length
    },
    advance: ms => {
      if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY))
        throw new RangeError(`time goes on, by ${ms} ms it cannot`)
      if (advancing)
        throw new Error(`advance(${ms}) inside of a timer: time stands still until the timer is over`)
      advancing = true
      try {
        runUntil(scheduler.frame + ms)
      } finally {
        advancing = false
      }
    },
  }
}
