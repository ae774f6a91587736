import { EMPTY, filter, map, merge, switchMap } from 'rxjs'
import { protocolVersions } from '../wire/versions.js'
import { type Behavior, BehaviorError } from './behavior.js'
import { due } from './due.js'

/** ms that Bitcoin Core waits for a pong (`TIMEOUT_INTERVAL`). */
export const CORE_PING_TIMEOUT = 1_200_000

/**
 * Closes with `ping-timeout` when a ping that was written is not answered within `timeout` ms. Only the last ping
 * counts; a pong with its nonce answers it, and so does one with nonce 0, as Core holds.
 */
export function pingTimeout(timeout: number = CORE_PING_TIMEOUT): Behavior {
  return context => {
    if (context.protocolVersion <= protocolVersions.bip31) return EMPTY
    let outstanding: bigint | undefined
    const ping$ = context.sent$.pipe(
      filter(message => message.command === 'ping'),
      map(({ nonce }) => {
        outstanding = nonce
        return context.attention() as number | undefined
      }),
    )
    const pong$ = context.on('pong').pipe(
      filter(({ nonce }) => nonce === outstanding || nonce === 0n),
      map(() => undefined),
    )
    return merge(ping$, pong$).pipe(
      switchMap(since =>
        since === undefined ? EMPTY : due(context, () => since + timeout - context.attention()),
      ),
      map((): never => {
        throw new BehaviorError('ping-timeout', `no pong for ${timeout} ms`)
      }),
    )
  }
}
