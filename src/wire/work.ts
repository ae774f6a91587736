import type { Hash } from './hash.js'
import type { BlockHeader } from './header.js'

/** A compact target taken apart. */
export interface DecodedBits {
  /** The magnitude; may be above 256 bits where `overflow` says so. */
  readonly value: bigint
  /** The sign bit is set, and the value is not 0. */
  readonly negative: boolean
  /** It does not fit 256 bits. */
  readonly overflow: boolean
}

/** Takes the compact form of a target apart: 8 bits of exponent, a sign, 23 bits of mantissa (Core `SetCompact`). */
export function decodeBits(bits: number): DecodedBits {
  const exponent = bits >>> 24
  const word = bits & 0x7f_ffff
  const mantissa = exponent <= 3 ? word >>> (8 * (3 - exponent)) : word
  return {
    value: exponent <= 3 ? BigInt(mantissa) : BigInt(mantissa) << BigInt(8 * (exponent - 3)),
    negative: mantissa !== 0 && (bits & 0x80_0000) !== 0,
    overflow:
      mantissa !== 0 &&
      (exponent > 34 || (exponent > 33 && mantissa > 0xff) || (exponent > 32 && mantissa > 0xffff)),
  }
}

/** The target of a header's bits; `undefined` where it is negative, zero or above 256 bits, which no block can meet. */
export function bitsToTarget(bits: number): bigint | undefined {
  const { value, negative, overflow } = decodeBits(bits)
  return negative || overflow || value === 0n ? undefined : value
}

/**
 * The compact form of a target, its lowest bits cut off (Core `GetCompact`).
 * @throws TypeError for a target that is negative or above 256 bits
 */
export function targetToBits(target: bigint): number {
  if (target < 0n || target >> 256n !== 0n) throw new TypeError(`${target} is not a target of 256 bits`)
  let exponent = Math.ceil(target.toString(2).length / 8)
  if (target === 0n) exponent = 0
  let mantissa = Number(
    exponent <= 3 ? target << BigInt(8 * (3 - exponent)) : target >> BigInt(8 * (exponent - 3)),
  )
  // The highest bit of the mantissa is the sign.
  if ((mantissa & 0x80_0000) !== 0) {
    mantissa >>>= 8
    exponent += 1
  }
  return exponent * 0x100_0000 + mantissa
}

/** A hash as the number that is compared with a target: its 32 bytes are little-endian. */
export function hashToNumber(hash: Hash): bigint {
  const words = new DataView(hash.buffer, hash.byteOffset, 32)
  const word = (offset: number) => words.getBigUint64(offset, true)
  return (((((word(24) << 64n) | word(16)) << 64n) | word(8)) << 64n) | word(0)
}

/** What a chain asks of its headers. */
export interface ProofOfWorkRules {
  /** The easiest target allowed, see `Network.powLimit`. */
  readonly limit: bigint
  /** The hash that must meet the target: the block's id where left out; litecoin has scrypt. */
  readonly hash?: ((header: BlockHeader) => Hash) | undefined
}

/**
 * Whether a header meets its own target, and the target is one that the chain allows. Whether it is the target that
 * the chain asks for at this height is another question.
 * @example checkProofOfWork(header, { limit: mainnet.powLimit })
 */
export function checkProofOfWork(header: BlockHeader, { limit, hash }: ProofOfWorkRules): boolean {
  const target = bitsToTarget(header.bits)
  if (target === undefined || target > limit) return false
  return hashToNumber(hash ? hash(header) : header.hash) <= target
}

/** The hashes that it takes on average to meet a target: 2^256 / (target + 1). The best chain has the most of it. */
export function targetToWork(target: bigint): bigint {
  return (1n << 256n) / (target + 1n)
}

/** The work of a header, by its own bits; 0 where they are no target. */
export function headerWork(header: BlockHeader): bigint {
  const target = bitsToTarget(header.bits)
  return target === undefined ? 0n : targetToWork(target)
}
