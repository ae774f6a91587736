/**
 * What a message really keeps alive: its payload is a view, and a view keeps the whole chunk that it came in. The first
 * message of a chunk pays for all of it.
 */
export class Pins {
  #last: WeakRef<ArrayBufferLike> | undefined

  /** Bytes that keeping a message of this payload costs. */
  cost(payload: Uint8Array, size: number): number {
    const { buffer } = payload
    if (buffer.byteLength <= size || this.#last?.deref() === buffer) return size
    this.#last = new WeakRef(buffer)
    return buffer.byteLength
  }
}

/** A payload by itself, where it is the smaller part of what it would keep alive. */
export function unpinned(payload: Uint8Array): Uint8Array {
  return 2 * payload.length < payload.buffer.byteLength ? payload.slice() : payload
}
