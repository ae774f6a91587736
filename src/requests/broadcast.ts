import {
  defer,
  EMPTY,
  filter,
  from,
  isObservable,
  map,
  merge,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  pipe,
} from 'rxjs'
import { transactionEntry, wantsTransactions } from '../behaviors/announcement.js'
import type { Peer } from '../peer/peer.js'
import { equalBytes } from '../wire/hex.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { InvMessage } from '../wire/messages/inv.js'
import type { Transaction } from '../wire/transaction.js'

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
}

/** Whether an entry names a transaction. */
function names(transaction: Transaction, { type, hash }: Inventory): boolean {
  if (type === InventoryType.wtx) return equalBytes(hash, transaction.wtxid)
  const byTxid = type === InventoryType.tx || type === InventoryType.witnessTx
  return byTxid && equalBytes(hash, transaction.txid)
}

/** The entry by which each message names a transaction: the first one, however many there are. */
function naming(transaction: Transaction): OperatorFunction<Pick<InvMessage, 'inventory'>, Inventory> {
  return pipe(
    map(({ inventory }) => Array.from(inventory).find(entry => names(transaction, entry))),
    filter(entry => entry !== undefined),
  )
}

function announcedBy(peer: Peer, transaction: Transaction): Observable<BroadcastEvent> {
  return peer.on('inv').pipe(
    naming(transaction),
    map(() => ({ peer, kind: 'announced' })),
  )
}

function tell(peer: Peer, transaction: Transaction): Observable<BroadcastEvent> {
  if (!wantsTransactions(peer)) return of({ peer, kind: 'no-relay' })
  const fetched$ = peer.on('getdata').pipe(
    naming(transaction),
    mergeMap(({ type }) => peer.send({ command: 'tx', transaction }, { witness: type !== InventoryType.tx })),
    filter(written => written),
    map((): BroadcastEvent => ({ peer, kind: 'fetched' })),
  )
  // Subscribed before it is announced: a remote may ask at the call.
  const announce$ = defer(() => {
    peer.markKnown(transaction)
    peer.send({ command: 'inv', inventory: [transactionEntry(transaction, peer.features)] })
    return EMPTY
  })
  return merge(fetched$, announce$)
}

const peersOf = (peers: Iterable<Peer> | Observable<Peer>): Observable<Peer> =>
  isObservable(peers) ? peers : from(Array.from(peers))

/**
 * Announces a transaction to peers, serves it to whoever asks, and tells who did. It is announced at the subscription,
 * and again by each one, whatever the peer was told before; `Peer.announce` is what trickles and keeps silent about what
 * is known. A peer that has it already does not ask. What its feefilter says is not looked at.
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
  { watch = [] }: BroadcastOptions = {},
): Observable<BroadcastEvent> {
  const told$ = peersOf(peers).pipe(
    mergeMap(peer => merge(announcedBy(peer, transaction), tell(peer, transaction))),
  )
  const watched$ = peersOf(watch).pipe(mergeMap(peer => announcedBy(peer, transaction)))
  return merge(watched$, told$)
}
