import { BlockFilter, filterHeader } from '../wire/filter.js'
import { type Hash, zeroHash } from '../wire/hash.js'
import type { KnownBlock } from './chain.js'

/** The compact filter of a block and its link in the chain of filter headers (BIP157, BIP158). */
export interface FilterEntry {
  readonly blockHash: Hash
  /** Serialised. */
  readonly filter: Uint8Array
  readonly hash: Hash
  readonly header: Hash
  /** The header before this one, zero for the first block. */
  readonly previousHeader: Hash
}

/** The basic filters of blocks, each made when it is first asked for. */
export class Filters {
  readonly #entries = new WeakMap<KnownBlock, FilterEntry>()

  /**
   * The filters of a block and those before it down to a height, lowest first. The block must be, or have been, part of
   * the chain: of others it is not known what they spend.
   */
  upTo(last: KnownBlock, from: number): readonly FilterEntry[] {
    const entries: FilterEntry[] = []
    for (let known: KnownBlock | undefined = last; known && known.height >= from; known = known.parent) {
      entries.push(this.#of(known))
    }
    return entries.reverse()
  }

  #of(block: KnownBlock): FilterEntry {
    const known = this.#entries.get(block)
    if (known) return known
    // From the first one that is missing upwards, since each header needs the one before.
    const missing: KnownBlock[] = []
    let before = block.parent
    for (; before && !this.#entries.has(before); before = before.parent) missing.push(before)
    let header = (before && this.#entries.get(before)?.header) ?? zeroHash
    for (const each of missing.reverse()) header = this.#make(each, header).header
    return this.#make(block, header)
  }

  #make(known: KnownBlock, previousHeader: Hash): FilterEntry {
    const { block, spent = [] } = known
    const { bytes, hash } = BlockFilter.fromBlock(
      block,
      spent.map(({ scriptPubKey }) => scriptPubKey),
    )
    const header = filterHeader(hash, previousHeader)
    const entry = { blockHash: block.hash, filter: bytes, hash, header, previousHeader }
    this.#entries.set(known, entry)
    return entry
  }
}
