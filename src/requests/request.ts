import { merge, Observable, type OperatorFunction, take } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Message } from '../wire/messages.js'
import { answers, expiry } from './answers.js'
import { askAgain, patience, type RequestOptions } from './request-options.js'

/**
 * Sends a message and emits the first thing that `answer` makes of what comes in, then completes. Cold: each
 * subscription asks. Errors with a RequestError `timeout` or `peer-closed`; unsubscribing forgets the question.
 * @param answer - picks the answer out of all messages, e.g. `ofCommand('pong')`; its errors pass through
 * @throws WireError through the error channel where the message cannot be encoded
 * @throws TypeError at the call for a timeout that is not above 0, or retries that count nothing
 * @example request(peer, { command: 'getaddr' }, ofCommand('addr'))
 */
export function request<T>(
  peer: Peer,
  message: Message,
  answer: OperatorFunction<Message, T>,
  options: RequestOptions = {},
): Observable<T> {
  const { timeout, retries } = patience(options)
  const once$ = new Observable<T>(subscriber => {
    const answer$ = merge(answers(peer).pipe(answer), expiry(peer, timeout, `answer to ${message.command}`))
    subscriber.add(answer$.pipe(take(1)).subscribe(subscriber))
    // Behind the subscription: an answer may come at the call.
    if (!subscriber.closed) peer.send(message, { awaited: true })
  })
  return once$.pipe(askAgain(retries))
}
