import type { Observable } from 'rxjs'
import type { Peer } from '../peer/peer.js'
import type { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import { InventoryType } from '../wire/inventory.js'
import { checkedBlock } from './checked-block.js'
import { type FetchOptions, fetchInventory } from './fetch-inventory.js'
import { withWitness } from './inventory-answers.js'

/** Blocks in flight from one peer (Core `MAX_BLOCKS_IN_TRANSIT_PER_PEER`). */
const BLOCK_WINDOW = 16

/**
 * Fetches blocks and emits them in the order of the hashes, with witness where the remote serves it, at most 16 on their
 * way at a time. That the transactions are those that the header commits to is checked. Errors with `not-found`,
 * `timeout` (no block for 30 s), `unanswered`, `bad-answer` and `peer-closed`, and with WireError for hashes that cannot
 * be sent. Bitcoin Core stays silent about blocks that it does not have: they time out.
 *
 * The window limits what the remote has to send, not what a slow subscriber lets pile up: for that there is `consume`.
 * @param hashes - wire order
 * @throws TypeError at the call, for options that make no sense
 * @example
 * getBlocks(peer, hashes)
 *   .pipe(consume(peer, block => store(block), { bytes: block => block.bytes.length }))
 *   .subscribe({ error: console.error })
 */
export function getBlocks(peer: Peer, hashes: Iterable<Hash>, options: FetchOptions = {}): Observable<Block> {
  const type = withWitness(peer, InventoryType.block)
  return fetchInventory(peer, {
    entries: Array.from(hashes, hash => ({ type, hash })),
    command: 'block',
    value: ({ block }) => checkedBlock(block, peer),
    window: BLOCK_WINDOW,
    options,
  })
}
