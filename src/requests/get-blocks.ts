import type { Observable } from 'rxjs'
import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import { InventoryType } from '../wire/inventory.js'
import { checkedBlock } from './checked-block.js'
import { ANSWER_OVERHEAD, ownBytes, ready } from './engine/held-back.js'
import { blocksNeed } from './engine/offers.js'
import { type FetchOptions, fetchInventory } from './fetch-inventory.js'
import { keysOf, withWitness } from './inventory-answers.js'

/** Blocks in flight from one peer (Core `MAX_BLOCKS_IN_TRANSIT_PER_PEER`). */
const BLOCK_WINDOW = { first: 16, most: 16 }
/** What a block keeps of each transaction beside its bytes: where it starts, and where its witness does. */
const OFFSETS = 8

/**
 * Fetches blocks and emits them in the order of the hashes, with witness where the remote serves it, at most 16 on their
 * way at a time, and fewer where they are large. That the transactions and their witnesses are those that the header
 * commits to is checked. Errors with `not-offered` where the remote serves no blocks, `not-found`, `timeout` (no block for
 * 30 s), `unanswered`, `bad-answer`, `aborted` and `peer-closed`, and with WireError for hashes that cannot be sent.
 * Bitcoin Core stays silent about blocks that it does not have: they time out. A remote with `networkLimited` alone has
 * the last 288, and Core closes on who asks it for others (BIP159).
 *
 * Those that come before their turn are held back, up to 5 MB for all requests of a peer; what comes beyond that is
 * dropped and asked for again. What a slow subscriber lets pile up is its own: with `consume` the request rests meanwhile.
 * @param hashes - wire order
 * @throws TypeError at the call, for options that make no sense
 * @example
 * getBlocks(peer, hashes)
 *   .pipe(consume(peer, block => store(block), { bytes: block => block.bytes.length }))
 *   .subscribe({ error: console.error })
 */
export function getBlocks(peer: Peer, hashes: Iterable<Hash>, options: FetchOptions = {}): Observable<Block> {
  const type = withWitness(peer, InventoryType.block)
  const { network } = channelOf(peer)
  return fetchInventory(peer, {
    entries: Array.from(hashes, hash => ({ type, hash })),
    command: 'block',
    read: message => {
      const { block } = message
      return {
        names: keysOf(message),
        bytes: block.bytes.length + OFFSETS * block.transactions.length + ANSWER_OVERHEAD,
        ready: (_, kept) => {
          checkedBlock(block, peer, network)
          const bytes = kept ? ownBytes(block.bytes) : block.bytes
          return ready(bytes === block.bytes ? block : Block.decode(bytes))
        },
      }
    },
    need: blocksNeed,
    window: BLOCK_WINDOW,
    options,
  })
}
