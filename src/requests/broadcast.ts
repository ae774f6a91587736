import { from, isObservable, merge, mergeMap, Observable, takeUntil } from 'rxjs'
import { transactionEntry, wantsTransactions } from '../behaviors/announcement.js'
import type { Peer } from '../peer/peer.js'
import type { Transaction } from '../wire/transaction.js'
import { whenAborted } from './engine/abort.js'
import { keyOf } from './inventory-answers.js'
import { namesOf, Serving } from './serving.js'

/** What {@link broadcast} tells. */
export interface BroadcastEvent {
  /** Who. */
  readonly peer: Peer
  /**
   * `fetched`: the peer asked for the transaction and it was really written, each time. `announced`: it announced the transaction itself, so it has
   * it. `no-relay`: its version message asked for no transactions (BIP37), so it was told nothing.
   */
  readonly kind: 'fetched' | 'announced' | 'no-relay'
}

/** How to broadcast. */
export interface BroadcastOptions {
  /** Peers that are told nothing and only listened to: what they announce has come to them from elsewhere. Default: none. */
  readonly watch?: Iterable<Peer> | Observable<Peer> | undefined
  /**
   * Whether something else of yours, a behavior or a handler of getdata, serves transactions to these peers too. Else a
   * getdata for transactions that no broadcast serves is answered by notfound, as the protocol has it (from version 70001
   * on): a remote that hears nothing asks nobody else for a minute. Default false.
   */
  readonly othersServe?: boolean | undefined
  /** Ends the broadcast when it is aborted, with a RequestError `aborted`; nothing is sent where it was before. */
  readonly signal?: AbortSignal | undefined
}

/** Which transaction, and how it is served. */
interface Telling {
  readonly transaction: Transaction
  readonly othersServe: boolean
}

/** Listens to a peer, and tells it about the transaction where that is wanted and it wants to hear. */
function at(peer: Peer, { transaction, othersServe }: Telling, tells: boolean): Observable<BroadcastEvent> {
  return new Observable(subscriber => {
    const event = (kind: BroadcastEvent['kind']) => () => subscriber.next({ peer, kind })
    const names = new Set(namesOf(transaction))
    subscriber.add(
      peer.on('inv').subscribe({
        next: ({ inventory }) => {
          if (Array.from(inventory).some(entry => names.has(keyOf(entry))))
            subscriber.next({ peer, kind: 'announced' })
        },
        complete: () => subscriber.complete(),
      }),
    )
    if (!tells || subscriber.closed) return
    if (!wantsTransactions(peer)) {
      event('no-relay')()
      return
    }
    subscriber.add(Serving.of(peer).offer({ transaction, othersServe, fetched: event('fetched') }))
    // Served before it is announced: a remote may ask at the call.
    peer.markKnown(transaction)
    peer.send({ command: 'inv', inventory: [transactionEntry(transaction, peer.features)] })
  })
}

const peersOf = (peers: Iterable<Peer> | Observable<Peer>): Observable<Peer> =>
  isObservable(peers) ? peers : from(Array.from(peers))

/**
 * Announces a transaction to peers, serves it to whoever asks, and tells who did. It is announced at the subscription,
 * and again by each one, whatever the peer was told before; `Peer.announce` is what trickles and keeps silent about what
 * is known. A peer that has it already does not ask. What its feefilter says is not looked at. All broadcasts to a peer
 * serve it together: each transaction once a getdata, and notfound for transactions that none of them has.
 *
 * Completes when all peers have closed; unsubscribing stops serving, so give it the time that peers need.
 * @param peers - whom to tell; of a stream of peers each when it comes
 * @example
 * broadcast([one], tx, { watch: others })
 *   .pipe(first(({ kind, peer }) => kind === 'announced' && peer !== one))
 *   .subscribe({ next: ({ peer }) => console.log(`has come to ${peer.address?.host}`), error: console.error })
 */
export function broadcast(
  peers: Iterable<Peer> | Observable<Peer>,
  transaction: Transaction,
  { watch = [], othersServe = false, signal }: BroadcastOptions = {},
): Observable<BroadcastEvent> {
  const telling = { transaction, othersServe }
  const told$ = peersOf(peers).pipe(mergeMap(peer => at(peer, telling, true)))
  const watched$ = peersOf(watch).pipe(mergeMap(peer => at(peer, telling, false)))
  return merge(watched$, told$).pipe(takeUntil(whenAborted(signal)))
}
