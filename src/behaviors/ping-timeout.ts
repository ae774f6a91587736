import { distinctUntilChanged, EMPTY, filter, map, merge, switchMap, tap } from 'rxjs'
import { protocolVersions } from '../wire/versions.js'
import { type Behavior, BehaviorError } from './behavior.js'
import { due } from './due.js'

/** ms that Bitcoin Core waits for a pong (`TIMEOUT_INTERVAL`). */
export const CORE_PING_TIMEOUT = 1_200_000

interface Outstanding {
  readonly nonce: bigint
  /** When it was written, in `attention()`. */
  readonly since: number
}

/**
 * Closes with `ping-timeout` when a ping that was written is not answered within `timeout` ms. The oldest one without
 * an answer counts, since `keepAlive` sends on meanwhile (Core does not). A pong answers the ping with its nonce and
 * those before it, one with nonce 0 answers all, as Core holds; any other answers nothing.
 *
 * ```
 * sent       --p---p----
 *            pingTimeout(7)
 *            ---------#      (7 ms after the first ping)
 * ```
 */
export function pingTimeout(timeout: number = CORE_PING_TIMEOUT): Behavior {
  return context => {
    if (context.protocolVersion <= protocolVersions.bip31) return EMPTY
    /** The oldest first. */
    let outstanding: readonly Outstanding[] = []
    const ping$ = context.sent$.pipe(
      filter(message => message.command === 'ping'),
      tap(({ nonce }) => {
        outstanding = [...outstanding, { nonce, since: context.attention() }]
      }),
    )
    const pong$ = context.on('pong').pipe(
      tap(({ nonce }) => {
        const answered = outstanding.findIndex(ping => ping.nonce === nonce)
        outstanding = nonce === 0n ? [] : outstanding.slice(answered + 1)
      }),
    )
    return merge(ping$, pong$).pipe(
      map(() => outstanding[0]),
      distinctUntilChanged(),
      switchMap(oldest =>
        oldest === undefined ? EMPTY : due(context, () => oldest.since + timeout - context.attention()),
      ),
      map((): never => {
        throw new BehaviorError('ping-timeout', `no pong for ${timeout} ms`)
      }),
    )
  }
}
