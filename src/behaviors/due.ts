import { Observable, Subscription } from 'rxjs'
import { MAX_DELAY } from '../stream/environment.js'
import type { BehaviorContext } from './behavior.js'

/**
 * Emits once when `remaining` says that no time is left, and completes. It looks when it fires and is not re-armed by
 * each message; while reading is paused it stands still. Unsubscribing clears its timer.
 * @param remaining - ms of attention that are left
 */
export function due(
  { scheduler, paused, resumed$ }: Pick<BehaviorContext, 'scheduler' | 'paused' | 'resumed$'>,
  remaining: () => number,
): Observable<void> {
  return new Observable(subscriber => {
    let waiting = Subscription.EMPTY
    const look = () => {
      waiting.unsubscribe()
      if (paused()) waiting = resumed$.subscribe(look)
      else {
        const left = remaining()
        // Timers have whole ms: with less it would spin, and with more than they can hold they fire at once.
        if (left > 0) waiting = scheduler.schedule(look, Math.min(Math.max(left, 1), MAX_DELAY))
        else {
          subscriber.next()
          subscriber.complete()
        }
      }
    }
    subscriber.add(() => waiting.unsubscribe())
    look()
  })
}
