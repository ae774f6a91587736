import { sha256 as backendSha256, small } from '#crypto'
import { readU32 } from './bytes.js'
import { type Batch, makeSha256x4, type Sha256x4 } from './crypto/sha256x4.js'
import { smallSha256 } from './crypto/small-sha256.js'

/** A 32-byte hash in wire order; {@link toHex} shows it as explorers do. */
export type Hash = Uint8Array

/** 32 zero bytes: "no block", "no stop". Do not write to it. */
export const zeroHash: Hash = new Uint8Array(32)

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array): Hash {
  if (bytes.length > small) return backendSha256(bytes)
  const out = new Uint8Array(32)
  smallSha256(bytes, out)
  return out
}

/** SHA-256 of SHA-256: the protocol's hash for ids, checksums and merkle trees. */
export function sha256d(bytes: Uint8Array): Hash {
  const out = sha256(bytes)
  smallSha256(out, out)
  return out
}

let lanes: Sha256x4 | undefined
let lanesTried = false

/** SHA256d of each message of a batch: several times as fast as one after the other where WebAssembly has vectors. */
export function sha256dAll(batch: Batch): Hash[] {
  if (!lanesTried) {
    lanesTried = true
    lanes = makeSha256x4()
  }
  const single = (index: number): Hash => {
    const message = new Uint8Array(batch.size(index))
    batch.write(index, message, 0)
    return sha256d(message)
  }
  if (lanes === undefined) return Array.from({ length: batch.count }, (_, index) => single(index))
  return lanes.sha256d(batch, single)
}

const scratch = new Uint8Array(32)

/** The first 4 bytes of SHA256d as a little-endian number: the checksum of a v1 frame. Allocates nothing for short payloads. */
export function checksum(payload: Uint8Array): number {
  if (payload.length === 0) return 0xe2e0f65d
  if (payload.length > small) scratch.set(backendSha256(payload))
  else smallSha256(payload, scratch)
  smallSha256(scratch, scratch)
  return readU32(scratch, 0)
}

export function checksumAt(bytes: Uint8Array, start: number, length: number): number {
  return checksum(bytes.subarray(start, start + length))
}

export function checksums(
  bytes: Uint8Array,
  starts: Int32Array,
  lengths: Int32Array,
  from: number,
  to: number,
  out: Int32Array,
): void {
  for (let i = from; i < to; i += 1) out[i] = checksumAt(bytes, starts[i]!, lengths[i]!)
}
