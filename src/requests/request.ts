import {
  identity,
  type MonoTypeOperatorFunction,
  merge,
  Observable,
  type OperatorFunction,
  of,
  retry,
  take,
  throwError,
} from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Message } from '../wire/messages.js'
import { ANSWER_TIMEOUT, answers, expiry } from './answers.js'
import { RequestError } from './request-error.js'

/** How long and how often to ask. */
export interface RequestOptions {
  /** ms of the peer's attention to wait for an answer. Default 30,000. */
  readonly timeout?: number | undefined
  /** How often to ask again after a `timeout`. Default 0. */
  readonly retries?: number | undefined
}

/**
 * Sends a message and emits the first thing that `answer` makes of what comes in, then completes. Cold: each
 * subscription asks. Errors with a RequestError `timeout` or `peer-closed`; unsubscribing forgets the question.
 * @param answer - picks the answer out of all messages, e.g. `ofCommand('pong')`; its errors pass through
 * @throws WireError through the error channel where the message cannot be encoded
 * @example request(peer, { command: 'getaddr' }, ofCommand('addr'))
 */
export function request<T>(
  peer: Peer,
  message: Message,
  answer: OperatorFunction<Message, T>,
  { timeout = ANSWER_TIMEOUT, retries = 0 }: RequestOptions = {},
): Observable<T> {
  const once$ = new Observable<T>(subscriber => {
    const answer$ = merge(answers(peer).pipe(answer), expiry(peer, timeout, `answer to ${message.command}`))
    subscriber.add(answer$.pipe(take(1)).subscribe(subscriber))
    // Behind the subscription: an answer may come at the call.
    peer.send(message, { awaited: true })
  })
  return once$.pipe(askAgain(retries))
}

/** Subscribes anew after a `timeout`, so often. At once: what comes in between would be lost. */
export function askAgain<T>(retries = 0): MonoTypeOperatorFunction<T> {
  if (retries === 0) return identity
  return retry({
    count: retries,
    delay: (error: unknown) =>
      error instanceof RequestError && error.code === 'timeout' ? of(undefined) : throwError(() => error),
  })
}
