import { type Observable, type OperatorFunction, Subject, Subscription } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Message } from '../wire/messages.js'
import { exchange } from './engine/exchange.js'
import { patience, type RequestOptions } from './request-options.js'

/**
 * Sends a message and emits the first thing that `answer` makes of what comes in, then completes. Cold: each
 * subscription asks. What `answer` is given goes to `messages$` and `on()` too, since nobody but it knows what it takes.
 * Messages come to it in the order of the remote, also while handlers hold those before.
 *
 * Errors with a RequestError `timeout`, `peer-closed` or `aborted`; unsubscribing forgets the question.
 * @param answer - picks the answer out of all messages, e.g. `ofCommand('pong')`; its errors pass through, and where it
 * completes without an answer so does the request
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
  return exchange(peer, patience(options), [], run => {
    let messages$ = new Subject<Message>()
    let answering = Subscription.EMPTY
    return {
      awaited: () => `answer to ${message.command}`,
      ask: () => {
        answering.unsubscribe()
        messages$ = new Subject()
        const answer$ = messages$.pipe(answer)
        answering = answer$.subscribe({
          next: value => run.settle(value),
          error: error => run.fail(error),
          complete: () => run.complete(),
        })
        // It may know the answer without a question.
        if (run.closed) answering.unsubscribe()
        else run.channel.send(message)
      },
      take: received => {
        messages$.next(received)
        // What it has not made anything of yet may be somebody else's alone.
        return run.closed ? 'shared' : 'passed'
      },
      // Through `answer`, which may make something of it.
      ended: error => (answering.closed ? run.fail(error) : messages$.error(error)),
      close: () => answering.unsubscribe(),
    }
  })
}
