import { readU32 } from './bytes.js'
import { instantiate, type WithMemory } from './crypto/instance.js'
import { layout, moduleBytes } from './crypto/siphash-module.js'

/** A SipHash key as four 32-bit words: the two 64-bit halves, each low word first. */
export type SipKey = Int32Array

/**
 * The key in 16 bytes: two 64-bit numbers, little-endian.
 * @throws TypeError for any other length
 */
export function sipKey(bytes: Uint8Array): SipKey {
  if (bytes.length !== 16) throw new TypeError(`a SipHash key has 16 bytes, not ${bytes.length}`)
  return Int32Array.of(readU32(bytes, 0), readU32(bytes, 4), readU32(bytes, 8), readU32(bytes, 12))
}

/**
 * SipHash-2-4 of `data` as two unsigned words: `out[0]` low, `out[1]` high. Every 64-bit number is a pair of 32-bit
 * ones: with bigints a script of 25 bytes takes some 70 times as long (measured).
 */
export function siphash24Words(key: SipKey, data: Uint8Array, out: Uint32Array): void {
  const k0l = key[0]!
  const k0h = key[1]!
  const k1l = key[2]!
  const k1h = key[3]!
  let v0l = k0l ^ 0x70736575
  let v0h = k0h ^ 0x736f6d65
  let v1l = k1l ^ 0x6e646f6d
  let v1h = k1h ^ 0x646f7261
  let v2l = k0l ^ 0x6e657261
  let v2h = k0h ^ 0x6c796765
  let v3l = k1l ^ 0x79746573
  let v3h = k1h ^ 0x74656462

  const { length } = data
  const last = length >>> 3
  // One turn more than there are words: the last one finishes, so that the rounds are written down once.
  for (let i = 0; i <= last + 1; i += 1) {
    let rounds = 2
    let ml = 0
    let mh = 0
    const at = i << 3
    if (i < last) {
      ml = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
      mh = data[at + 4]! | (data[at + 5]! << 8) | (data[at + 6]! << 16) | (data[at + 7]! << 24)
    } else if (i === last) {
      // What is left, and the length modulo 256 in the highest byte.
      for (let j = at; j < length; j += 1) {
        const shift = (j - at) << 3
        if (shift < 32) ml |= data[j]! << shift
        else mh |= data[j]! << (shift - 32)
      }
      mh |= length << 24
    } else {
      v2l ^= 0xff
      rounds = 4
    }
    v3l ^= ml
    v3h ^= mh
    for (; rounds > 0; rounds -= 1) {
      // Low words add first; the carry into the high ones comes from the top bits, without a branch.
      let t = (v0l + v1l) | 0
      v0h = (v0h + v1h + (((v0l & v1l) | ((v0l | v1l) & ~t)) >>> 31)) | 0
      v0l = t
      t = (v1l << 13) | (v1h >>> 19)
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h
      v1l = t ^ v0l
      t = v0l
      v0l = v0h
      v0h = t

      t = (v2l + v3l) | 0
      v2h = (v2h + v3h + (((v2l & v3l) | ((v2l | v3l) & ~t)) >>> 31)) | 0
      v2l = t
      t = (v3l << 16) | (v3h >>> 16)
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h
      v3l = t ^ v2l

      t = (v0l + v3l) | 0
      v0h = (v0h + v3h + (((v0l & v3l) | ((v0l | v3l) & ~t)) >>> 31)) | 0
      v0l = t
      t = (v3l << 21) | (v3h >>> 11)
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h
      v3l = t ^ v0l

      t = (v2l + v1l) | 0
      v2h = (v2h + v1h + (((v2l & v1l) | ((v2l | v1l) & ~t)) >>> 31)) | 0
      v2l = t
      t = (v1l << 17) | (v1h >>> 15)
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h
      v1l = t ^ v2l
      t = v2l
      v2l = v2h
      v2h = t
    }
    v0l ^= ml
    v0h ^= mh
  }
  out[0] = v0l ^ v1l ^ v2l ^ v3l
  out[1] = v0h ^ v1h ^ v2h ^ v3h
}

/** SipHash-2-4 of `data`, as {@link siphash24Words} answers it. */
export type SipHasher = (key: SipKey, data: Uint8Array, out: Uint32Array) => void

interface Exports extends WithMemory {
  hash(at: number, end: number): void
}

/** In WebAssembly: half the time, which for a single hash compiling it costs many times over. */
function compiled({ memory, hash }: Exports): SipHasher {
  const bytes = new Uint8Array(memory.buffer)
  const keyWords = new Int32Array(memory.buffer, layout.key, 4)
  const hashWords = new Int32Array(memory.buffer, layout.hash, 2)
  const longest = bytes.length - layout.message - 8
  return (key, data, out) => {
    const { length } = data
    if (length > longest) {
      siphash24Words(key, data, out)
      return
    }
    for (let i = 0; i < 4; i += 1) keyWords[i] = key[i]!
    bytes.set(data, layout.message)
    const end = layout.message + (length & ~7) + 8
    for (let at = layout.message + length; at < end; at += 1) bytes[at] = 0
    bytes[end - 1] = length
    hash(layout.message, end)
    out[0] = hashWords[0]!
    out[1] = hashWords[1]!
  }
}

/** Whether a hasher answers as it must, for messages that end at every place of a word. */
function isSound(hasher: SipHasher): boolean {
  const key = Int32Array.of(0x0302_0100, 0x0706_0504, 0x0b0a_0908, 0x8f0e_0d0c | 0)
  const [is, must] = [new Uint32Array(2), new Uint32Array(2)]
  for (let length = 0; length < 20; length += 1) {
    const data = Uint8Array.from({ length }, (_, i) => 200 + 31 * i)
    hasher(key, data, is)
    siphash24Words(key, data, must)
    if (is[0] !== must[0] || is[1] !== must[1]) return false
  }
  return true
}

let many: SipHasher | undefined

/** The quickest hasher for hundreds of messages: in WebAssembly where that is to be had and answers as it must. */
export function manySiphashes(): SipHasher {
  if (many === undefined) {
    many = siphash24Words
    try {
      const fast = compiled(instantiate<Exports>(moduleBytes()))
      if (isSound(fast)) many = fast
    } catch {
      // No WebAssembly here, or a policy against it.
    }
  }
  return many
}

const words = new Uint32Array(2)

/**
 * SipHash-2-4 (Aumasson, Bernstein 2012): the keyed 64-bit hash of compact blocks and compact filters.
 * @param key - 16 bytes
 * @throws TypeError for a key of another length
 */
export function siphash24(key: Uint8Array, data: Uint8Array): bigint {
  siphash24Words(sipKey(key), data, words)
  return (BigInt(words[1]!) << 32n) | BigInt(words[0]!)
}
