import { finalize, from, map, mergeMap, Observable, type ObservableInput, type OperatorFunction } from 'rxjs'
import type { Message } from '../wire/messages.js'
import type { Peer } from './peer.js'

/** How {@link consume} works. */
export interface ConsumeOptions<M extends Message> {
  /** Handlers at work at the same time; further messages wait in order. Default 1. */
  readonly concurrency?: number | undefined
  /** Which messages, e.g. `ofCommand('block')`. Default: all. */
  readonly select?: OperatorFunction<Message, M> | undefined
}

/**
 * Handles messages with work that takes time, and lets the remote wait when too much of it piles up: while more than
 * 5 MB of messages are held the connection is paused, and it goes on at half. Below that mark pings are answered, and a
 * handler may await another message of the same peer.
 *
 * Emits what the handlers emit. An error of a handler errors the result and leaves the peer alive; unsubscribing
 * cancels the handlers and frees what was held. Completes when the peer has closed and the last handler is done.
 * @param project - the handler: a promise, an Observable, an iterable
 * @example
 * consume(peer, ({ block }: BlockMessage) => store(block), { select: ofCommand('block') })
 *   .subscribe({ error: console.error })
 */
export function consume<T, M extends Message>(
  peer: Peer,
  project: (message: M) => ObservableInput<T>,
  options: ConsumeOptions<M> & { readonly select: OperatorFunction<Message, M> },
): Observable<T>
export function consume<T>(
  peer: Peer,
  project: (message: Message) => ObservableInput<T>,
  options?: ConsumeOptions<Message>,
): Observable<T>
export function consume<T>(
  peer: Peer,
  project: (message: Message) => ObservableInput<T>,
  { concurrency = 1, select }: ConsumeOptions<Message> = {},
): Observable<T> {
  return new Observable(subscriber => {
    const held = new Set<() => void>()
    const selected$ = select === undefined ? peer.messages$ : peer.messages$.pipe(select)
    return selected$
      .pipe(
        // Synchronously with the delivery: without a size the bytes of the message in hand are held.
        map(message => {
          const release = peer.hold()
          held.add(release)
          return { message, release }
        }),
        mergeMap(
          ({ message, release }) =>
            from(project(message)).pipe(
              finalize(() => {
                held.delete(release)
                release()
              }),
            ),
          concurrency,
        ),
        finalize(() => {
          for (const release of held) release()
        }),
      )
      .subscribe(subscriber)
  })
}
