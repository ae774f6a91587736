import type { Block } from './block.js'
import { compactSizeLength, Reader, Writer } from './cursor.js'
import { WireError } from './error.js'
import { type Hash, sha256d } from './hash.js'
import { equalBytes } from './hex.js'
import { isOpReturn } from './script.js'
import { type SipKey, siphash24Words, sipKey } from './siphash.js'
import { firstAtLeast } from './sorted.js'

/** The kinds of compact filters. */
export const FilterType = {
  /** All output scripts and all spent output scripts (BIP158). */
  basic: 0,
} as const

/** Bits of a remainder in the Golomb-Rice code (BIP158 `P`). */
const P = 19
/** One foreign element in so many matches by chance (BIP158 `M`). */
const M = 784_931
/** Bits that a value takes at least: the zero that ends its quotient, and its remainder. */
const MIN_BITS = P + 1

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

/**
 * The hashes of the elements, each element once. The number of elements decides the range, so they are counted first.
 * They may be keys of a table, as nobody chooses them: their key is the hash of the block that the elements are in.
 */
function distinctHashes(key: SipKey, elements: Iterable<Uint8Array>): { high: number; low: number }[] {
  const seen = new Map<number, Uint8Array[]>()
  const hashes: { high: number; low: number }[] = []
  for (const element of elements) {
    siphash24Words(key, element, words)
    const low = words[0]!
    const high = words[1]!
    // 53 bits of the hash find the candidates, the bytes decide.
    const bucket = (high & 0x1f_ffff) * 0x1_0000_0000 + low
    const others = seen.get(bucket)
    if (others === undefined) seen.set(bucket, [element])
    else if (others.some(other => equalBytes(other, element))) continue
    else others.push(element)
    hashes.push({ high, low })
  }
  return hashes
}

/** Sorted values as a Golomb-Rice coded set: `cs N`, then of each difference the quotient in unary and P bits. */
function encodeValues(values: Float64Array): Uint8Array {
  const count = values.length
  // The quotients cannot add up to more than the largest value has, which is below N·M.
  const bits = count * MIN_BITS + Math.floor((count * M) / 2 ** P)
  const head = compactSizeLength(count)
  const bytes = new Uint8Array(head + Math.ceil(bits / 8))
  const writer = new Writer()
  writer.compactSize(count)
  bytes.set(writer.finish())

  let at = head * 8
  let last = 0
  for (const value of values) {
    const difference = value - last
    last = value
    for (let q = Math.floor(difference / 2 ** P); q > 0; q -= 1) {
      bytes[at >>> 3]! |= 0x80 >>> (at & 7)
      at += 1
    }
    at += 1
    // Through a window of 32 bits, which holds up to 7 bits of offset and the remainder. Behind the end of the array
    // there are only zeros to write, and writing them does nothing.
    const window = (difference % 2 ** P) << (32 - P - (at & 7))
    const byte = at >>> 3
    bytes[byte]! |= window >>> 24
    bytes[byte + 1]! |= window >>> 16
    bytes[byte + 2]! |= window >>> 8
    bytes[byte + 3]! |= window
    at += P
  }
  return bytes.slice(0, (at + 7) >>> 3)
}

/** The values of a Golomb-Rice coded set, smallest first. Nothing is allocated that the bytes cannot hold. */
function decodeValues(bytes: Uint8Array): Float64Array {
  const reader = new Reader(bytes)
  const count = reader.compactSize()
  if (count * MIN_BITS > reader.remaining * 8) {
    throw reader.fault('truncated', `a filter of ${count} elements in ${reader.remaining} bytes`)
  }
  const values = new Float64Array(count)
  const end = bytes.length * 8
  let at = reader.offset * 8
  let value = 0
  for (let i = 0; i < count; i += 1) {
    let quotient = 0
    for (;;) {
      // Leading ones of what is left of this byte.
      const left = 8 - (at & 7)
      const ones = Math.min(left, Math.clz32(~((bytes[at >>> 3] ?? 0) << (32 - left))))
      quotient += ones
      at += ones
      if (ones < left) break
    }
    at += 1
    if (at + P > end) throw new WireError('truncated', `the filter ends inside element ${i}`)
    const byte = at >>> 3
    const window =
      (bytes[byte]! << 24) |
      ((bytes[byte + 1] ?? 0) << 16) |
      ((bytes[byte + 2] ?? 0) << 8) |
      (bytes[byte + 3] ?? 0)
    value += quotient * 2 ** P + ((window << (at & 7)) >>> (32 - P))
    values[i] = value
    at += P
  }
  const left = bytes.length - ((at + 7) >>> 3)
  if (left > 0) throw new WireError('trailing-bytes', `${left} bytes behind the filter's last element`)
  return values
}

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
  readonly #key: SipKey
  readonly #values: Float64Array

  private constructor(key: SipKey, bytes: Uint8Array, values: Float64Array) {
    this.#key = key
    this.bytes = bytes
    this.#values = values
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
    const hashes = distinctHashes(key, elements)
    const range = hashes.length * M
    const values = Float64Array.from(hashes, ({ high, low }) => reduceHash(high, low, range)).sort()
    return new BlockFilter(key, encodeValues(values), values)
  }

  /**
   * The filter in the bytes of a cfilter; all of it is looked at now, so that matching cannot fail.
   * @param blockHash - of the block it belongs to, wire order
   * @throws WireError `truncated`, `trailing-bytes`, `non-canonical-size`, or `too-long` from 2^32 elements on
   */
  static decode(blockHash: Hash, bytes: Uint8Array): BlockFilter {
    return new BlockFilter(keyOf(blockHash), bytes, decodeValues(bytes))
  }

  /** How many elements it has. */
  get count(): number {
    return this.#values.length
  }

  /** Whether the block may have this script; certain only when false. */
  match(script: Uint8Array): boolean {
    const values = this.#values
    siphash24Words(this.#key, script, words)
    const wanted = reduceHash(words[1]!, words[0]!, values.length * M)
    return values[firstAtLeast(values, wanted)] === wanted
  }

  /** Whether the block may have any of these scripts. */
  matchAny(scripts: Iterable<Uint8Array>): boolean {
    for (const script of scripts) if (this.match(script)) return true
    return false
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
