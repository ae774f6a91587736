import { Observable, type OperatorFunction, Subscription } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Message } from '../wire/messages.js'
import { answers, expiry } from './answers.js'
import { patience, type RequestOptions } from './request-options.js'

/**
 * Sends a message and emits all that `answer` makes of what comes in, until `answer` completes (`take(n)`). The timeout
 * starts anew with each answer. Errors and unsubscribing as in `request`; it asks once.
 */
export function requestMany<T>(
  peer: Peer,
  message: Message,
  answer: OperatorFunction<Message, T>,
  options: Pick<RequestOptions, 'timeout'> = {},
): Observable<T> {
  const { timeout } = patience(options)
  return new Observable(subscriber => {
    let deadline = Subscription.EMPTY
    const wait = () => {
      deadline.unsubscribe()
      deadline = expiry(peer, timeout, `answer to ${message.command}`).subscribe({
        error: error => subscriber.error(error),
      })
    }
    subscriber.add(() => deadline.unsubscribe())
    wait()
    subscriber.add(
      answers(peer)
        .pipe(answer)
        .subscribe({
          next: value => {
            wait()
            subscriber.next(value)
          },
          error: error => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
    )
    if (!subscriber.closed) peer.send(message, { awaited: true })
  })
}
