import type { Block } from './block.js'
import { encodeSet, openSet, readSet } from './golomb-set.js'
import { type Hash, sha256d } from './hash.js'
import { equalBytes } from './hex.js'
import { isOpReturn } from './script.js'
import { Sieve } from './sieve.js'
import { manySiphashes, type SipHasher, type SipKey, siphash24Words, sipKey } from './siphash.js'
import { firstAtLeast } from './sorted.js'

/** The kinds of compact filters. */
export const FilterType = {
  /** All output scripts and all spent output scripts (BIP158). */
  basic: 0,
} as const

/** One foreign element in so many matches by chance (BIP158 `M`). */
const M = 784_931

function keyOf(blockHash: Hash): SipKey {
  if (blockHash.length !== 32) throw new TypeError(`a block hash has 32 bytes, not ${blockHash.length}`)
  return sipKey(blockHash.subarray(0, 16))
}

/** The upper 32 bits of the product of two unsigned 32-bit numbers, by halves so that doubles stay exact. */
function multiplyHigh(a: number, b: number): number {
  const low = Math.floor((a * (b & 0xffff)) / 0x1_0000)
  return Math.floor((a * (b >>> 16) + low) / 0x1_0000)
}

/**
 * `(hash · range) >> 64`: maps a 64-bit hash evenly onto 0 … range − 1. The range is below 2^52 (2^32 elements at most),
 * so that every sum of partial products fits the 53 bits of a double.
 */
export function reduceHash(high: number, low: number, range: number): number {
  const rangeLow = range >>> 0
  const rangeHigh = Math.floor(range / 0x1_0000_0000)
  const middle = (Math.imul(high, rangeLow) >>> 0) + low * rangeHigh + multiplyHigh(low, rangeLow)
  return high * rangeHigh + multiplyHigh(high, rangeLow) + Math.floor(middle / 0x1_0000_0000)
}

const words = new Uint32Array(2)

/** The hashes of elements, each element once. */
interface Hashes {
  readonly count: number
  readonly highs: Uint32Array
  readonly lows: Uint32Array
}

/**
 * The hashes of the elements, each element once. The number of elements decides the range, so they are counted first.
 * Found by their lowest bits in a table of places: nobody chooses these, as their key is the hash of the block that the
 * elements are in.
 */
function distinctHashes(key: SipKey, elements: Iterable<Uint8Array>): Hashes {
  const all = Array.from(elements)
  const mask = 2 ** Math.ceil(Math.log2(2 * all.length + 1)) - 1
  const table = new Int32Array(mask + 1).fill(-1)
  const kept: Uint8Array[] = []
  const hasher = manySiphashes()
  const highs = new Uint32Array(all.length)
  const lows = new Uint32Array(all.length)
  for (const element of all) {
    hasher(key, element, words)
    const low = words[0]!
    const high = words[1]!
    let slot = low & mask
    for (let other = table[slot]!; other >= 0; other = table[slot]!) {
      if (lows[other] === low && highs[other] === high && equalBytes(kept[other]!, element)) break
      slot = (slot + 1) & mask
    }
    if (table[slot]! >= 0) continue
    table[slot] = kept.length
    lows[kept.length] = low
    highs[kept.length] = high
    kept.push(element)
  }
  return { count: kept.length, highs, lows }
}

function has(values: Float64Array, count: number, wanted: number): boolean {
  const place = firstAtLeast(values, wanted, count)
  // Behind the last one may be those of another filter.
  return place < count && values[place] === wanted
}

/** Filters of more elements have values of their own; blocks have some 10,000. */
const SHARED = 32_768

/**
 * The values of the filter that was decoded last, and its number: 80 KB for each would cost as much again as to decode
 * them, and be collected late (measured), and most filters are asked once, right away.
 */
let shared: Float64Array | undefined
let turn = 0

/** The elements of a block's basic filter, repetitions included. */
function* basicElements(block: Block, spentScripts: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const tx of block.transactions) {
    for (const { scriptPubKey } of tx.outputs) {
      if (scriptPubKey.length > 0 && !isOpReturn(scriptPubKey)) yield scriptPubKey
    }
  }
  for (const script of spentScripts) if (script.length > 0) yield script
}

/**
 * A compact filter of a block (BIP158, type basic): tells whether the block may pay to or spend from a script. One
 * foreign script in 784,931 matches by chance; a script of the block always does.
 */
export class BlockFilter {
  /** Serialised, as cfilter carries it; of a decoded filter the very bytes, so copy them to keep them for long. */
  readonly bytes: Uint8Array
  /** How many elements it has. */
  readonly count: number
  readonly #key: SipKey
  /** The number under which its values are shared; those that are its own come first. */
  readonly #turn: number
  #values: Float64Array | undefined

  private constructor(
    key: SipKey,
    bytes: Uint8Array,
    count: number,
    { own, at = 0 }: { readonly own?: Float64Array; readonly at?: number },
  ) {
    this.#key = key
    this.bytes = bytes
    this.count = count
    this.#turn = at
    this.#values = own
  }

  /**
   * The basic filter of a block.
   * @param spentScripts - the scripts of all outputs that the block's transactions spend, in any order
   */
  static fromBlock(block: Block, spentScripts: Iterable<Uint8Array>): BlockFilter {
    return BlockFilter.fromElements(block.hash, basicElements(block, spentScripts))
  }

  /** The filter of any elements, under the key of a block hash (wire order); repetitions count once. */
  static fromElements(blockHash: Hash, elements: Iterable<Uint8Array>): BlockFilter {
    const key = keyOf(blockHash)
    const { count, highs, lows } = distinctHashes(key, elements)
    const own = new Float64Array(count)
    for (let i = 0; i < count; i += 1) own[i] = reduceHash(highs[i]!, lows[i]!, count * M)
    own.sort()
    return new BlockFilter(key, encodeSet(own, M), count, { own })
  }

  /**
   * The filter in the bytes of a cfilter; all of it is looked at now, so that matching cannot fail.
   * @param blockHash - of the block it belongs to, wire order
   * @throws WireError `truncated`, `trailing-bytes`, `non-canonical-size`, or `too-long` from 2^32 elements on
   */
  static decode(blockHash: Hash, bytes: Uint8Array): BlockFilter {
    const key = keyOf(blockHash)
    const set = openSet(bytes)
    const { count } = set
    if (count > SHARED)
      return new BlockFilter(key, bytes, count, { own: readSet(set, new Float64Array(count)) })
    // Before it is read: what is shared is nobody's when the bytes turn out to be no filter.
    turn += 1
    shared ??= new Float64Array(SHARED)
    readSet(set, shared)
    return new BlockFilter(key, bytes, count, { at: turn })
  }

  /** Whether the block may have this script; certain only when false. */
  match(script: Uint8Array): boolean {
    return has(this.#read(), this.count, this.#valueOf(script, siphash24Words))
  }

  /** Whether the block may have any of these scripts. */
  matchAny(scripts: Iterable<Uint8Array>): boolean {
    const { count } = this
    // To build a sieve takes as long as to search for so many.
    let searches = Math.ceil(count / 64)
    let sieve: Sieve | undefined
    const hasher = manySiphashes()
    for (const script of scripts) {
      const wanted = this.#valueOf(script, hasher)
      // Each time: an iterable may have asked another filter in between.
      const values = this.#read()
      if (searches > 0) searches -= 1
      else {
        if (sieve?.valid !== true) sieve = new Sieve(values, count, count * M)
        if (!sieve.has(wanted)) continue
      }
      if (has(values, count, wanted)) return true
    }
    return false
  }

  #valueOf(script: Uint8Array, hasher: SipHasher): number {
    hasher(this.#key, script, words)
    return reduceHash(words[1]!, words[0]!, this.count * M)
  }

  /** The values, `count` of them: shared as long as no other filter was decoded, own from then on. */
  #read(): Float64Array {
    if (this.#values === undefined && shared !== undefined && this.#turn === turn) return shared
    this.#values ??= readSet(openSet(this.bytes), new Float64Array(this.count))
    return this.#values
  }

  /** What cfheaders lists: SHA256d of the serialised filter. */
  get hash(): Hash {
    return sha256d(this.bytes)
  }

  /** The header of this filter behind `previous`; see {@link filterHeader}. */
  header(previous: Hash): Hash {
    return filterHeader(this.hash, previous)
  }
}

/**
 * The next link of the chain of filter headers (BIP157): SHA256d of the filter's hash and the header before it.
 * @param previous - the filter header of the block before; zero for the first block
 */
export function filterHeader(filterHash: Hash, previous: Hash): Hash {
  const joined = new Uint8Array(64)
  joined.set(filterHash)
  joined.set(previous, 32)
  return sha256d(joined)
}
