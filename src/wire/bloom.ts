import { WireError } from './error.js'
import { MAX_BLOOM_FILTER, MAX_HASH_FUNCTIONS } from './limits.js'
import { murmur3 } from './murmur3.js'
import { isBareMultisig, isPayToPublicKey, scriptPushes } from './script.js'
import type { Outpoint, Transaction } from './transaction.js'

/** What a node adds to the filter when an output matches, so that its spending matches too (BIP37 `nFlags`). */
export const BloomUpdate = {
  /** Nothing. */
  none: 0,
  /** The outpoint of every output that matched. */
  all: 1,
  /** The outpoint only where the output pays to a bare public key or bare multisig. */
  publicKeyOnly: 2,
} as const

/** The bits of the flags that say what to update; the others are ignored, as Core does. */
const UPDATE_MASK = 3

/** What filterload carries. */
export interface BloomFilterFields {
  /** The bits, lowest of each byte first; at most 36,000 bytes. Without any byte it matches everything. */
  readonly filter: Uint8Array
  /** At most 50. */
  readonly hashFunctions: number
  /** Goes into the seeds of the hash functions; unsigned 32 bits. */
  readonly tweak: number
  /** One of {@link BloomUpdate} in the lowest two bits. */
  readonly flags: number
}

/** How to size a new filter. */
export interface BloomFilterOptions {
  /** How many elements will be inserted, at least 1. */
  readonly elements: number
  /** Share of foreign elements that match by chance once all elements are in, above 0 and below 1. */
  readonly falsePositiveRate: number
  /** Unsigned 32 bits; take a random one, so that several filters do not share their false positives. */
  readonly tweak: number
  /** One of {@link BloomUpdate}. Default `none`. */
  readonly flags?: number | undefined
}

/** Each hash function's seed lies this far behind the last one's. */
const SEED_STEP = 0xfba4_c795

/**
 * A bloom filter over transaction data (BIP37): it may match too much, never too little. As in Core, a filter without
 * bytes matches everything and takes nothing in (a modulo of its size was CVE-2013-5700); btcd lets it match nothing.
 */
export class BloomFilter implements BloomFilterFields {
  readonly hashFunctions: number
  readonly tweak: number
  readonly flags: number
  readonly #bits: Uint8Array

  /**
   * A filter with the content of a filterload message, which it copies.
   * @throws WireError `too-long` or `bad-value` for what filterload cannot carry
   */
  constructor({ filter, hashFunctions, tweak, flags }: BloomFilterFields) {
    if (filter.length > MAX_BLOOM_FILTER) {
      throw new WireError('too-long', `a filter of ${filter.length} bytes, at most ${MAX_BLOOM_FILTER}`)
    }
    if (!Number.isInteger(hashFunctions) || hashFunctions < 0 || hashFunctions > MAX_HASH_FUNCTIONS) {
      throw new WireError('bad-value', `${hashFunctions} hash functions, at most ${MAX_HASH_FUNCTIONS}`)
    }
    this.#bits = filter.slice()
    this.hashFunctions = hashFunctions
    this.tweak = tweak
    this.flags = flags
  }

  /**
   * An empty filter of the size that suits `elements` at the given rate. Both are cut to what filterload can carry
   * (36,000 bytes, 50 functions); a handful of elements at a high rate can come out with no byte at all.
   * @throws TypeError for no element or a rate that is not between 0 and 1
   */
  static create({
    elements,
    falsePositiveRate,
    tweak,
    flags = BloomUpdate.none,
  }: BloomFilterOptions): BloomFilter {
    if (!Number.isInteger(elements) || elements < 1)
      throw new TypeError(`${elements} is no number of elements`)
    if (!(falsePositiveRate > 0 && falsePositiveRate < 1)) {
      throw new TypeError(`a false positive rate is above 0 and below 1, not ${falsePositiveRate}`)
    }
    const bits = (-1 / Math.LN2 ** 2) * elements * Math.log(falsePositiveRate)
    const size = Math.floor(Math.min(bits, MAX_BLOOM_FILTER * 8) / 8)
    const functions = Math.floor(Math.floor((size * 8) / elements) * Math.LN2)
    return new BloomFilter({
      filter: new Uint8Array(size),
      hashFunctions: Math.min(functions, MAX_HASH_FUNCTIONS),
      tweak,
      flags,
    })
  }

  /** A copy of the bits. */
  get filter(): Uint8Array {
    return this.#bits.slice()
  }

  /** The filterload message that installs this filter as it is now. */
  toMessage(): BloomFilterFields & { readonly command: 'filterload' } {
    const { filter, hashFunctions, tweak, flags } = this
    return { command: 'filterload', filter, hashFunctions, tweak, flags }
  }

  #bit(index: number, data: Uint8Array): number {
    return murmur3((Math.imul(index, SEED_STEP) + this.tweak) | 0, data) % (this.#bits.length * 8)
  }

  /** Puts an element in: a txid in wire order, a key, a key hash, a script push, a serialised outpoint. */
  insert(data: Uint8Array): void {
    const bits = this.#bits
    if (bits.length === 0) return
    for (let i = 0; i < this.hashFunctions; i += 1) {
      const bit = this.#bit(i, data)
      bits[bit >>> 3]! |= 1 << (bit & 7)
    }
  }

  /** Whether an element may be in the filter; certain only when false. */
  contains(data: Uint8Array): boolean {
    const bits = this.#bits
    if (bits.length === 0) return true
    for (let i = 0; i < this.hashFunctions; i += 1) {
      const bit = this.#bit(i, data)
      if ((bits[bit >>> 3]! & (1 << (bit & 7))) === 0) return false
    }
    return true
  }

  /** Puts an output in, so that the transaction that spends it matches. */
  insertOutpoint(outpoint: Outpoint): void {
    this.insert(serialise(outpoint))
  }

  /** Whether an output may be in the filter. */
  containsOutpoint(outpoint: Outpoint): boolean {
    return this.contains(serialise(outpoint))
  }

  /**
   * Whether a node with this filter would relay the transaction, and what the node does then: outpoints of matching
   * outputs go into the filter as `flags` say. Looked at are the txid, every push of the output scripts, and only
   * where none of these matched the outpoints spent and every push of the input scripts; never the witness.
   */
  matchAndUpdate(tx: Transaction): boolean {
    const { txid } = tx
    let matched = this.contains(txid)
    let index = 0
    for (const { scriptPubKey } of tx.outputs) {
      if (this.#containsPush(scriptPubKey)) {
        matched = true
        if (this.#updatesOn(scriptPubKey)) this.insertOutpoint({ txid, index })
      }
      index += 1
    }
    if (matched) return true
    return tx.inputs.some(
      ({ outpoint, scriptSig }) => this.containsOutpoint(outpoint) || this.#containsPush(scriptSig),
    )
  }

  #containsPush(script: Uint8Array): boolean {
    for (const push of scriptPushes(script)) if (this.contains(push)) return true
    return false
  }

  #updatesOn(script: Uint8Array): boolean {
    const update = this.flags & UPDATE_MASK
    if (update === BloomUpdate.publicKeyOnly) return isPayToPublicKey(script) || isBareMultisig(script)
    return update === BloomUpdate.all
  }
}

const outpointBytes = new Uint8Array(36)
const outpointView = new DataView(outpointBytes.buffer)

/** `hash · u32 index`, in a buffer that the next call overwrites. */
function serialise({ txid, index }: Outpoint): Uint8Array {
  if (txid.length !== 32) throw new TypeError(`a txid has 32 bytes, not ${txid.length}`)
  outpointBytes.set(txid)
  outpointView.setUint32(32, index, true)
  return outpointBytes
}
