import type { Observable } from 'rxjs'
import { transactionNames } from '../behaviors/announcement.js'
import type { Peer } from '../peer/peer.js'
import type { Hash } from '../wire/hash.js'
import { InventoryType } from '../wire/inventory.js'
import { hasServices, Services } from '../wire/services.js'
import type { Transaction } from '../wire/transaction.js'
import { type FetchOptions, fetchInventory } from './fetch-inventory.js'

/** Entries of one getdata (Core `MAX_GETDATA_SZ`). */
const TRANSACTION_WINDOW = 1_000

/** How to fetch transactions. */
export interface GetTransactionsOptions extends Partial<FetchOptions> {
  /** Which hash the given ones are. Default `wtxid` where wtxidrelay was negotiated, else `txid`. */
  readonly by?: 'txid' | 'wtxid' | undefined
}

/**
 * Fetches transactions and emits them in the order of the hashes, with witness where the remote serves it. A node serves
 * what is in its mempool, and what it announced a short while ago. Errors with `not-found`, `timeout` and `peer-closed`.
 * @param hashes - wire order
 */
export function getTransactions(
  peer: Peer,
  hashes: Iterable<Hash>,
  { by = peer.features.wtxidRelay ? 'wtxid' : 'txid', ...options }: GetTransactionsOptions = {},
): Observable<Transaction> {
  const witness = hasServices(peer.version.services, Services.witness)
  const byTxid = witness ? InventoryType.witnessTx : InventoryType.tx
  const type = by === 'wtxid' ? InventoryType.wtx : byTxid
  return fetchInventory(
    peer,
    Array.from(hashes, hash => ({ type, hash })),
    message =>
      message.command === 'tx'
        ? {
            value: () => message.transaction,
            names: transactionNames(message.transaction),
          }
        : undefined,
    { window: TRANSACTION_WINDOW, ...options },
  )
}
