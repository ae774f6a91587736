import type { Observable } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Hash } from '../wire/hash.js'
import { InventoryType } from '../wire/inventory.js'
import type { Transaction } from '../wire/transaction.js'
import { type FetchOptions, fetchInventory } from './fetch-inventory.js'
import { withWitness } from './inventory-answers.js'

/** Entries of one getdata (Core `MAX_GETDATA_SZ`). */
const TRANSACTION_WINDOW = 1_000

/** How to fetch transactions. */
export interface GetTransactionsOptions extends FetchOptions {
  /** What becomes of those that the remote does not have: `fail` with `not-found` (default), or `skip` them. */
  readonly missing?: 'fail' | 'skip' | undefined
}

/**
 * Fetches transactions and emits them in the order of the hashes, with witness where the remote serves it. A node serves
 * what is in its mempool, and what it announced a short while ago, older ones by no other name than it announced them.
 * A txid says nothing of the witness: a remote can serve another one with it.
 *
 * Errors with `not-found`, `timeout`, `unanswered` and `peer-closed`, and with WireError for hashes that cannot be sent.
 * @param by - which hash the given ones are: `wtxid` is what inv tells where wtxidrelay was negotiated
 * (`peer.features.wtxidRelay`), and nodes without it do not know it
 * @param hashes - wire order
 * @throws TypeError at the call, for options that make no sense
 * @example getTransactions(peer, 'txid', [fromHex('0e3e2357e806b6cdb1f70b54c3a3a17b6714ee1f0e68bebb44a74b1efd512098')])
 */
export function getTransactions(
  peer: Peer,
  by: 'txid' | 'wtxid',
  hashes: Iterable<Hash>,
  { missing = 'fail', ...options }: GetTransactionsOptions = {},
): Observable<Transaction> {
  const type = by === 'wtxid' ? InventoryType.wtx : withWitness(peer, InventoryType.tx)
  return fetchInventory(peer, {
    entries: Array.from(hashes, hash => ({ type, hash })),
    command: 'tx',
    value: ({ transaction }) => transaction,
    window: TRANSACTION_WINDOW,
    skipsMissing: missing === 'skip',
    options,
  })
}
