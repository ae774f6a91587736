import {
  defer,
  filter,
  ignoreElements,
  map,
  merge,
  type Observable,
  startWith,
  tap,
  withLatestFrom,
} from 'rxjs'
import { transactionEntry } from '../behaviors/announcement.js'
import type { BehaviorContext } from '../behaviors/behavior.js'
import type { Features } from '../behaviors/features.js'
import { equalBytes } from '../wire/hex.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { List } from '../wire/list.js'
import type { Message } from '../wire/messages.js'
import type { Transaction } from '../wire/transaction.js'
import type { Ledger } from './ledger.js'
import type { Service } from './service.js'
import { wantedBy } from './take-bloom-filters.js'

/** What to ask for of an inv: transactions that are not here, named as was agreed on; other names are ignored. */
function wantedOf(
  ledger: Ledger,
  { wtxidRelay }: Features,
  inventory: List<Inventory>,
): readonly Inventory[] {
  const wanted: Inventory[] = []
  for (const { type, hash } of inventory) {
    if (wtxidRelay && type === InventoryType.wtx && !ledger.transaction('wtxid', hash)) {
      wanted.push({ type, hash })
    }
    if (!wtxidRelay && type === InventoryType.tx && !ledger.transaction('txid', hash)) {
      wanted.push({ type: InventoryType.witnessTx, hash })
    }
  }
  return wanted
}

function request(ledger: Ledger, { on, features }: BehaviorContext): Observable<Message> {
  return on('inv').pipe(
    map(({ inventory }) => wantedOf(ledger, features, inventory)),
    filter(inventory => inventory.length > 0),
    map(inventory => ({ command: 'getdata', inventory })),
  )
}

/** The lowest fee rate that the remote wants to hear of, satoshi per 1,000 virtual bytes (BIP133). */
function lowestFeeRate({ on }: BehaviorContext): Observable<bigint> {
  return on('feefilter').pipe(
    map(({ feeRate }) => feeRate),
    startWith(0n),
  )
}

/**
 * Asks for the transactions that the peer announces, takes those it sends, and announces each that enters the mempool
 * to all others, at once: by wtxid where that was agreed on (BIP339), else by txid. Heeds feefilter (BIP133), and
 * announces to peers that want no transactions or have loaded a filter (`relay`, BIP37) only what they want.
 */
export const relayTransactions: Service = ledger => context =>
  defer(() => {
    /** The transaction that this very peer has sent and that is being taken. */
    let inHand: Transaction | undefined
    const wanted = wantedBy(context)
    const take$ = context.on('tx').pipe(
      tap(({ transaction }) => {
        inHand = transaction
        ledger.submit(transaction)
        inHand = undefined
      }),
      ignoreElements(),
    )
    const announce$ = ledger.transactions$.pipe(
      withLatestFrom(lowestFeeRate(context)),
      filter(([{ transaction, feeRate }, lowest]) => feeRate >= lowest && !isSame(transaction, inHand)),
      filter(([{ transaction }]) => wanted.relay && wanted.has(transaction)),
      map(([{ transaction }]): Message => {
        const inventory = [transactionEntry(transaction, context.features)]
        return { command: 'inv', inventory }
      }),
    )
    return merge(request(ledger, context), take$, announce$)
  })

function isSame(tx: Transaction, other: Transaction | undefined): boolean {
  return other !== undefined && equalBytes(tx.wtxid, other.wtxid)
}
