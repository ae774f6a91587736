import {
  finalize,
  from,
  map,
  mergeMap,
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
} from 'rxjs'
import type { Peer } from './peer.js'

/** How {@link consume} works. */
export interface ConsumeOptions<M = unknown> {
  /** Handlers at work at the same time; further messages wait in order. Default 1. */
  readonly concurrency?: number | undefined
  /**
   * Bytes that a value holds until it is handled. Default: those of the message that the peer is delivering, which is
   * right behind `peer.on(…)` and `peer.messages$`, and wrong behind whatever collects, delays or asks for more.
   */
  readonly bytes?: ((message: M) => number) | undefined
}

/**
 * Handles messages with work that takes time, and lets the remote wait when too much of it piles up: while handlers hold
 * more than a quarter of `memoryLimit` (5 MB) further messages wait for users, and go on at half; while as much waits,
 * nothing is read. Pings are answered until then, and a handler may ask the same peer: its answer does not wait behind
 * what is held, and its deadline runs on.
 *
 * Emits what the handlers emit. An error of a handler errors the result and leaves the peer alive; unsubscribing
 * cancels the handlers and frees what was held. Completes when the source has, and the last handler is done.
 * @param peer - the peer whose messages these are
 * @param project - the handler: a promise, an Observable, an iterable
 * @example
 * peer.on('block').pipe(consume(peer, ({ block }) => store(block))).subscribe({ error: console.error })
 * @example
 * getBlocks(peer, hashes)
 *   .pipe(consume(peer, block => store(block), { bytes: block => block.bytes.length }))
 *   .subscribe({ error: console.error })
 */
export function consume<M, O extends ObservableInput<unknown>>(
  peer: Pick<Peer, 'hold'>,
  project: (message: M) => O,
  { concurrency = 1, bytes }: ConsumeOptions<M> = {},
): OperatorFunction<M, ObservedValueOf<O>> {
  return source =>
    new Observable(subscriber => {
      const held = new Set<() => void>()
      return source
        .pipe(
          // Synchronously with the delivery: without a size the bytes of the message in hand are held.
          map(message => {
            const release = peer.hold(bytes?.(message))
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
