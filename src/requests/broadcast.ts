import { EMPTY, filter, from, map, merge, mergeMap, type Observable, of, tap } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import { equalBytes } from '../wire/hex.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { Transaction } from '../wire/transaction.js'

/** What {@link broadcast} tells. */
export interface BroadcastEvent {
  /** Who. */
  readonly peer: Peer
  /** `fetched`: the peer asked for the transaction and got it. `announced-back`: it announced it itself, so it has it. */
  readonly kind: 'fetched' | 'announced-back'
}

/** By which of its hashes an entry names a transaction; `undefined` where it does not. */
function names(transaction: Transaction, { type, hash }: Inventory): 'txid' | 'wtxid' | undefined {
  if (type === InventoryType.wtx) return equalBytes(hash, transaction.wtxid) ? 'wtxid' : undefined
  const byTxid = type === InventoryType.tx || type === InventoryType.witnessTx
  return byTxid && equalBytes(hash, transaction.txid) ? 'txid' : undefined
}

/**
 * Announces a transaction to peers, serves it to whoever asks, and tells who did. It goes out with the next trickle of
 * each peer. Completes when all peers have closed; unsubscribing stops serving, so give it the time that peers need.
 * @param peers - one or many
 * @example broadcast(peers, tx).pipe(take(2)).subscribe({ next: ({ peer }) => console.log(peer.address), error: console.error })
 */
export function broadcast(peers: Iterable<Peer>, transaction: Transaction): Observable<BroadcastEvent> {
  const serve = (peer: Peer): Observable<BroadcastEvent> => {
    const fetched$ = peer.on('getdata').pipe(
      mergeMap(({ inventory }) => from(inventory)),
      filter(entry => names(transaction, entry) !== undefined),
      tap(({ type }) => peer.send({ command: 'tx', transaction }, { witness: type !== InventoryType.tx })),
      map(() => ({ peer, kind: 'fetched' }) as const),
    )
    const back$ = peer.on('inv').pipe(
      filter(({ inventory }) => Array.from(inventory).some(entry => names(transaction, entry) !== undefined)),
      map(() => ({ peer, kind: 'announced-back' }) as const),
    )
    // Subscribed before it is announced: a remote may ask at the call.
    const announce$ = of(undefined).pipe(
      tap(() => peer.announce(transaction)),
      mergeMap((): Observable<never> => EMPTY),
    )
    return merge(fetched$, back$, announce$)
  }
  return from(peers).pipe(mergeMap(serve))
}
