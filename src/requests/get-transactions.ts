import type { Observable } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Hash } from '../wire/hash.js'
import { InventoryType } from '../wire/inventory.js'
import { Transaction } from '../wire/transaction.js'
import { ANSWER_OVERHEAD, ownBytes, ready } from './engine/held-back.js'
import { type FetchOptions, fetchInventory } from './fetch-inventory.js'
import { keysOf, withWitness } from './inventory-answers.js'

/** Entries of one getdata (Core `MAX_GETDATA_SZ`); few at first, since one alone may have 4 MB. */
const TRANSACTION_WINDOW = { first: 16, most: 1_000 }

/** How to fetch transactions. */
export interface GetTransactionsOptions extends FetchOptions {
  /** What becomes of those that the remote does not have: `fail` with `not-found` (default), or `skip` them. */
  readonly missing?: 'fail' | 'skip' | undefined
}

/**
 * Fetches transactions and emits them in the order of the hashes, with witness where the remote serves it, 16 at a time
 * and up to 1000 when they are small. A node serves what is in its mempool, and what it announced a short while ago,
 * older ones by no other name than it announced them. A txid says nothing of the witness: a remote can serve another one
 * with it.
 *
 * Those that come before their turn are held back, up to 5 MB for all requests of a peer; what comes beyond that is
 * dropped and asked for again. `consume` makes the request rest while handlers hold too much.
 *
 * Errors with `not-found`, `timeout`, `unanswered`, `aborted` and `peer-closed`, and with WireError for hashes that cannot
 * be sent.
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
    read: message => {
      const { transaction } = message
      return {
        names: keysOf(message),
        bytes: transaction.bytes.length + ANSWER_OVERHEAD,
        ready: (_, kept) => {
          const bytes = kept ? ownBytes(transaction.bytes) : transaction.bytes
          return ready(bytes === transaction.bytes ? transaction : Transaction.decode(bytes))
        },
      }
    },
    // Whoever relays transactions serves them, also nodes without any block.
    need: [],
    window: TRANSACTION_WINDOW,
    skipsMissing: missing === 'skip',
    options,
  })
}
