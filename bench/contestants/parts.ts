/** What is common to the contestants in JavaScript. */

/** Cuts an input of many parts, each behind its length. */
export function split(input: Uint8Array): Uint8Array[] {
  const view = new DataView(input.buffer, input.byteOffset)
  const parts: Uint8Array[] = []
  for (let at = 0; at < input.length; ) {
    const end = at + 4 + view.getUint32(at, true)
    parts.push(input.subarray(at + 4, end))
    at = end
  }
  return parts
}

/** The frames of a stream. */
export function frames(stream: Uint8Array): Uint8Array[] {
  const view = new DataView(stream.buffer, stream.byteOffset)
  const all: Uint8Array[] = []
  for (let at = 0; at < stream.length; ) {
    const end = at + 24 + view.getUint32(at + 16, true)
    all.push(stream.subarray(at, end))
    at = end
  }
  return all
}

/** A stream as a socket hands it out: in chunks of `size` bytes, each in a buffer of its own, or one frame a chunk where that is 0. */
export function chunks(stream: Uint8Array, size: number): Uint8Array[] {
  if (size === 0) return frames(stream)
  const all: Uint8Array[] = []
  for (let at = 0; at < stream.length; at += size) all.push(stream.slice(at, at + size))
  return all
}

const encoder = new TextEncoder()

/** A text's bytes. */
export const text = (value: string): Uint8Array => encoder.encode(value)
