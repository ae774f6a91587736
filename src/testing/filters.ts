import { BlockFilter, filterHeader } from '../wire/filter.js'
import { type Hash, zeroHash } from '../wire/hash.js'
import type { Chain, KnownBlock } from './chain.js'

/** The compact filter of a block and its link in the chain of filter headers (BIP157, BIP158). */
export interface FilterEntry {
  readonly blockHash: Hash
  /** Serialised. */
  readonly filter: Uint8Array
  readonly hash: Hash
  readonly header: Hash
}

/** The basic filters of the blocks of a chain, each made when it is first asked for. */
export class Filters {
  readonly #chain: Chain
  readonly #entries = new WeakMap<KnownBlock, FilterEntry>()

  constructor(chain: Chain) {
    this.#chain = chain
  }

  /** The filters of the blocks of two heights and all between; empty where they are not of the chain. */
  between(from: number, to: number): readonly FilterEntry[] {
    const entries: FilterEntry[] = []
    for (let height = from; height <= to; height += 1) {
      const entry = this.at(height)
      if (entry) entries.push(entry)
    }
    return entries
  }

  /** The filter of the block at a height of the chain. */
  at(height: number): FilterEntry | undefined {
    // From the first one that is missing upwards, since each header needs the one before.
    const missing: KnownBlock[] = []
    let known = this.#chain.at(height)
    for (; known && !this.#entries.has(known); known = known.parent) missing.push(known)
    let last = known && this.#entries.get(known)
    for (const each of missing.reverse()) {
      last = entryOf(each, last?.header ?? zeroHash)
      this.#entries.set(each, last)
    }
    return last
  }
}

function entryOf({ block, spent = [] }: KnownBlock, previous: Hash): FilterEntry {
  const filter = BlockFilter.fromBlock(
    block,
    spent.map(({ scriptPubKey }) => scriptPubKey),
  )
  const { bytes, hash } = filter
  return { blockHash: block.hash, filter: bytes, hash, header: filterHeader(hash, previous) }
}
