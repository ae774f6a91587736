import { defer, filter, type Observable, of, startWith, switchMap, take, timer } from 'rxjs'
import type { BehaviorContext } from './behavior.js'

/**
 * Emits once when `remaining` says that no time is left, and completes. It looks when it fires and is not re-armed by
 * each message; while delivery is paused it stands still. Unsubscribing clears its timer.
 * @param remaining - ms of attention that are left
 */
export function due(
  context: Pick<BehaviorContext, 'scheduler' | 'paused' | 'resumed$'>,
  remaining: () => number,
): Observable<void> {
  return defer(() => {
    const left = remaining()
    if (left <= 0) return of(undefined)
    return timer(left, context.scheduler).pipe(
      switchMap(() =>
        context.resumed$.pipe(
          startWith(undefined),
          filter(() => !context.paused()),
          take(1),
        ),
      ),
      switchMap(() => due(context, remaining)),
    )
  })
}
