import { map, type Observable } from 'rxjs'
import { type Behavior, BehaviorError } from './behavior.js'
import { due } from './due.js'

/** ms without a whole message after which a remote is gone (btcd `idleTimeout`). */
export const IDLE_TIMEOUT = 300_000

/**
 * Closes with `idle-timeout` when no whole message came for `timeout` ms, counted from the end of the handling of the
 * last one, or of the handshake. Messages that nobody knows count.
 *
 * ```
 * messages   --m-----
 *            idle(5)
 *            -------#      (5 ms after m)
 * ```
 */
export function idle(timeout: number = IDLE_TIMEOUT): Behavior {
  return context => {
    const remaining = () => context.lastHandled() + timeout - context.attention()
    return due(context, remaining).pipe(
      map((): never => {
        throw new BehaviorError('idle-timeout', `no message for ${timeout} ms`)
      }),
    ) satisfies Observable<never>
  }
}
