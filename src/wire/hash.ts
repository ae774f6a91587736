import { sha256 as backendSha256, fasterFrom, sha256Into, small } from '#crypto'
import { readU32 } from './bytes.js'
import { makeSha256d, type Sha256d } from './crypto/sha256d.js'
import { MESSAGES, makeSha256x4, ROOM, type Sha256x4 } from './crypto/sha256x4.js'
import { smallSha256 } from './crypto/small-sha256.js'

/** A 32-byte hash in wire order; {@link toHex} shows it as explorers do. */
export type Hash = Uint8Array

/** Bytes of a hash. */
export const HASH_SIZE = 32

/** 32 zero bytes: "no block", "no stop". Do not write to it. */
export const zeroHash: Hash = new Uint8Array(HASH_SIZE)

/** So many messages take less time side by side, though lanes stay empty, than one after the other; measured. */
const FEW = 3

// Compiled at the first use: not every program that imports this hashes.
let one: Sha256d | undefined
let four: Sha256x4 | undefined
let fourTried = false

/** The lanes of vectors, `undefined` where there are none. */
export function theLanes(): Sha256x4 | undefined {
  if (!fourTried) {
    fourTried = true
    four = makeSha256x4({ from: fasterFrom(), sha256Into })
  }
  return four
}

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array): Hash {
  if (bytes.length > small) return backendSha256(bytes)
  const out = new Uint8Array(HASH_SIZE)
  smallSha256(bytes, out)
  return out
}

/** SHA256d of `length` bytes from `start` on, in memory that the next hash overwrites. */
function twice(bytes: Uint8Array, start: number, length: number): Uint8Array {
  one ??= makeSha256d()
  if (length <= small) one.message(bytes, start, length)
  else {
    sha256Into(length === bytes.length ? bytes : bytes.subarray(start, start + length), one.hash, 0)
    one.again()
  }
  return one.hash
}

/** SHA-256 of SHA-256: the protocol's hash for ids, checksums and merkle trees. */
export function sha256d(bytes: Uint8Array): Hash {
  return new Uint8Array(twice(bytes, 0, bytes.length))
}

/**
 * SHA256d of each of `count` messages of one size, `stride` bytes from one to the next, of which the first is at
 * `start`; written to `hashes` one behind the other, which may be over the messages.
 */
export function sha256dAlike(
  size: 64 | 80,
  bytes: Uint8Array,
  start: number,
  stride: number,
  count: number,
  hashes: Uint8Array,
): void {
  const lanes = count < FEW ? undefined : theLanes()
  if (lanes !== undefined) {
    lanes.alike(size, bytes, start, stride, count, hashes)
    return
  }
  for (let i = 0; i < count; i += 1) hashes.set(twice(bytes, start + i * stride, size), HASH_SIZE * i)
}

/** Hashes that stand one behind the other, each in an array of its own. */
export function separate(hashes: Uint8Array): Hash[] {
  const all: Hash[] = []
  for (let at = 0; at < hashes.length; at += HASH_SIZE) all.push(hashes.slice(at, at + HASH_SIZE))
  return all
}

/** What SHA256d of no bytes begins with. */
const EMPTY = 0xe2e0f65d

/** The first 4 bytes of SHA256d as a little-endian number: the checksum of a v1 frame. */
export function checksum(payload: Uint8Array): number {
  return checksumAt(payload, 0, payload.length)
}

/** The {@link checksum} of `length` bytes from `start` on. Allocates nothing for short ones. */
export function checksumAt(bytes: Uint8Array, start: number, length: number): number {
  return length === 0 ? EMPTY : readU32(twice(bytes, start, length), 0)
}

/**
 * The {@link checksum} of each payload from index `from` to `to` of one chunk, as signed numbers, written to the same
 * indices of `out`. The payloads lie in `bytes` in order; many short ones are hashed side by side, at a third of the
 * time of one after the other.
 */
export function checksums(
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  from: number,
  to: number,
  out: Int32Array,
): void {
  const lanes = to - from < FEW ? undefined : theLanes()
  for (let index = from; index < to; ) {
    const end = lanes === undefined ? index : together(starts, lengths, index, to)
    if (lanes === undefined || end - index < FEW) {
      out[index] = checksumAt(bytes, starts[index]!, lengths[index]!)
      index += 1
      continue
    }
    const start = starts[index]!
    lanes.clear()
    lanes.memory.set(bytes.subarray(start, starts[end - 1]! + lengths[end - 1]!), MESSAGES)
    for (; index < end; index += 1) {
      if (lanes.full) lanes.flush(out, 1)
      lanes.add(MESSAGES + starts[index]! - start, lengths[index]!, index)
    }
    lanes.flush(out, 1)
  }
}

/** Where the payloads end that fit the memory of the lanes together. */
function together(starts: Int32Array, lengths: Int32Array, from: number, to: number): number {
  const limit = starts[from]! + ROOM
  let end = from
  while (end < to && starts[end]! + lengths[end]! <= limit) end += 1
  return end
}
