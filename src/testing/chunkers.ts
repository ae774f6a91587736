import { type Random, randomBelow } from '../stream/environment.js'

/**
 * Cuts bytes into chunks, none of them empty and nothing lost: no bytes, no chunks. The chunks are views.
 * For a stream of bytes it is what `concatMap` takes.
 * @example connection.bytes$.pipe(concatMap(splitEvery(1)))
 */
export type Chunker = (bytes: Uint8Array) => Uint8Array[]

function positiveInteger(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new RangeError(`${name} must be 1 or more, not ${value}`)
}

/** The pieces between offsets, which are in order and inside. */
function cut(bytes: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const edges = [0, ...offsets, bytes.length]
  return edges.slice(1).flatMap((end, i) => {
    const start = edges[i] ?? 0
    return end > start ? [bytes.subarray(start, end)] : []
  })
}

/**
 * Chunks of `size` bytes, the last one of what is left.
 * @throws RangeError unless `size` is an integer from 1 on
 * @example splitEvery(2)(Uint8Array.of(1, 2, 3)) // [1, 2] [3]
 */
export function splitEvery(size: number): Chunker {
  positiveInteger('size', size)
  return bytes => {
    const chunks: Uint8Array[] = []
    for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size))
    return chunks
  }
}

/**
 * A cut before each of these bytes; offsets outside of the bytes, and repeated ones, cut nothing.
 * @example splitAt(24)(frame) // header and payload
 */
export function splitAt(...offsets: readonly number[]): Chunker {
  const sorted = [...offsets].sort((a, b) => a - b)
  return bytes =>
    cut(
      bytes,
      sorted.filter(offset => offset > 0 && offset < bytes.length),
    )
}

/**
 * Chunks of random lengths from 1 to `longest` bytes.
 * @param longest - default 64
 * @throws RangeError unless `longest` is an integer from 1 on
 */
export function randomChunks(random: Random, longest = 64): Chunker {
  positiveInteger('longest', longest)
  return bytes => {
    const offsets: number[] = []
    for (let at = 0; at < bytes.length; at += 1 + randomBelow(random, longest)) offsets.push(at)
    return cut(bytes, offsets)
  }
}

/** All chunks as one, a copy. */
export function mergeChunks(chunks: Iterable<Uint8Array>): Uint8Array {
  const parts = Array.from(chunks)
  const merged = new Uint8Array(parts.reduce((size, { length }) => size + length, 0))
  let at = 0
  for (const part of parts) {
    merged.set(part, at)
    at += part.length
  }
  return merged
}
