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
   * its own time, and so do those that they set. What they throw comes out here.
   * @param ms - 0 runs what is due now
   * @throws RangeError for a negative or endless time
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
      scheduler.maxFrames = scheduler.frame + ms
      scheduler.flush()
      scheduler.frame = scheduler.maxFrames
    },
  }
}
