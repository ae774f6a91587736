import { sha256 as backendSha256, fasterFrom, sha256Into, small } from '#crypto'
import { readU32 } from './bytes.js'
import { MESSAGES, makeSha256Lanes, ROOM, type Sha256Lanes } from './crypto/sha256-lanes.js'
import { makeSha256d, PlainSha256d, type Sha256d } from './crypto/sha256d.js'
import { smallSha256 } from './crypto/small-sha256.js'

/** A 32-byte hash in wire order; {@link toHex} shows it as explorers do. */
export type Hash = Uint8Array

/** Bytes of a hash. */
export const HASH_SIZE = 32

/** 32 zero bytes: "no block", "no stop". Do not write to it. */
export const zeroHash: Hash = new Uint8Array(HASH_SIZE)

/** So many messages take less time side by side, though lanes stay empty, than one after the other; measured. */
const FEW = 3

/**
 * After so many messages the modules are put together and compiled, which takes 5 to 10 ms each: a process that does no
 * more than shake hands has ten, and JavaScript hashes those in 0.6 ms (measured, from a cold start).
 */
const WORTH_COMPILING = 100

let hashed = 0
const plain = new PlainSha256d()
let one: Sha256d | undefined
let five: Sha256Lanes | undefined
let fiveTried = false

function theOne(): Sha256d {
  if (one !== undefined) return one
  hashed += 1
  if (hashed <= WORTH_COMPILING) return plain
  one = makeSha256d(plain)
  return one
}

/** The lanes for `count` messages; `undefined` where there are none, or not yet. */
export function theLanes(count: number): Sha256Lanes | undefined {
  if (fiveTried) return five
  // Not counted: where the answer is no, each of them is on its own.
  if (hashed + count <= WORTH_COMPILING) return undefined
  fiveTried = true
  five = makeSha256Lanes({ from: fasterFrom(), sha256Into })
  return five
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
  const sha256d = theOne()
  if (length <= small) sha256d.message(bytes, start, length)
  else {
    sha256Into(length === bytes.length ? bytes : bytes.subarray(start, start + length), sha256d.hash, 0)
    sha256d.again()
  }
  return sha256d.hash
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
  const lanes = count < FEW ? undefined : theLanes(count)
  if (lanes !== undefined) {
    lanes.alike(size, bytes, start, stride, count, hashes)
    return
  }
  for (let i = 0; i < count; i += 1) hashes.set(twice(bytes, start + i * stride, size), HASH_SIZE * i)
}

const words = new Int32Array(HASH_SIZE / 4)
const bytesOfWords = new Uint8Array(words.buffer)

/** Hashes that stand one behind the other, each in an array of its own. */
export function separate(hashes: Uint8Array): Hash[] {
  const all: Hash[] = []
  const from = new Int32Array(hashes.buffer, hashes.byteOffset, hashes.length / 4)
  for (let at = 0; at < from.length; at += words.length) {
    // A copy of what is always at one place takes half the time of `slice` (measured).
    for (let i = 0; i < words.length; i += 1) words[i] = from[at + i]!
    all.push(new Uint8Array(bytesOfWords))
  }
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
  const lanes = to - from < FEW ? undefined : theLanes(to - from)
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
