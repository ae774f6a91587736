import { concat, defer, map, type Observable, take, takeUntil, timer } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import type { Message } from '../wire/messages.js'
import { RequestError } from './request-error.js'

/**
 * The messages of a peer, with the end of the peer as an error: streams of messages only complete, but a question that
 * is open then has failed, with `peer-closed` and the reason as its cause.
 */
export function answers(peer: Peer): Observable<Message> {
  const closed$ = defer(() => peer.closed$).pipe(
    take(1),
    map((cause): never => {
      throw new RequestError('peer-closed', `the peer closed: ${cause.code}`, { cause })
    }),
  )
  // Behind the messages, not beside them: they complete after `connect` has errored, so what its `retry` tears down
  // stays silent.
  return concat(peer.messages$, closed$)
}

/** Errors with `timeout` after `ms` of the peer's attention. */
export function expiry(peer: Peer, ms: number, what: string): Observable<never> {
  return after(peer, ms).pipe(
    map((): never => {
      throw new RequestError('timeout', `no ${what} within ${ms} ms`)
    }),
  )
}

export function after(peer: Peer, ms: number): Observable<unknown> {
  return timer(Math.min(ms, 2_147_483_647), channelOf(peer).scheduler).pipe(takeUntil(peer.closed$))
}
