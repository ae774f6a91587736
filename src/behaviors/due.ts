import { Subscription, type Unsubscribable } from 'rxjs'
import { MAX_DELAY } from '../stream/environment.js'
import type { BehaviorContext } from './behavior.js'
import type { Voice } from './habit.js'
import { hear } from './hear.js'

/** What a deadline needs of its peer. */
export type DueContext = Pick<BehaviorContext, 'scheduler' | 'paused' | 'resumed$'>

/**
 * A deadline. It looks when it fires and is not re-armed by each message; while reading is paused it stands still.
 * Unsubscribing clears its timer.
 */
export abstract class Due<C extends DueContext = DueContext> implements Unsubscribable {
  protected readonly context: C
  protected readonly voice: Voice
  #waiting: Unsubscribable = Subscription.EMPTY

  constructor(context: C, voice: Voice) {
    this.context = context
    this.voice = voice
  }

  /** ms of attention that are left. */
  protected abstract left(): number

  /** Called once, when none is. */
  protected abstract passed(): void

  /** Looks whether it has passed, and else when to look again. */
  look(): void {
    const { context, voice } = this
    this.#waiting.unsubscribe()
    if (context.paused()) {
      this.#waiting = hear(context.resumed$, () => this.look(), voice)
      return
    }
    const left = this.left()
    // Timers have whole ms: with less it would spin, and with more than they can hold they fire at once.
    if (left > 0) {
      this.#waiting = context.scheduler.schedule(lookAt, Math.min(Math.max(left, 1), MAX_DELAY), this)
    } else this.passed()
  }

  /** Looks no more, until it is told to. */
  protected rest(): void {
    this.#waiting.unsubscribe()
  }

  unsubscribe(): void {
    this.rest()
  }
}

/** One function for all deadlines of all peers. */
function lookAt(due: Due | undefined): void {
  due?.look()
}
