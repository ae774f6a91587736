import { Queue } from './queue.js'

/** Small pieces are gathered in slabs of so many bytes: objects of their own would cost ten times the bytes. */
export const SLAB = 16_384
/** The first slab, and each one behind it twice as much: what waits is often one message, and there are many peers. */
export const FIRST_SLAB = 1_024
/** From this length on a piece is kept as it is: copying it costs more than one more object. */
const LARGE = SLAB / 4

const EMPTY = new Uint8Array(0)

/** Bytes that wait in order: small ones packed closely, large ones as they are. */
export class ByteQueue {
  /** Sealed slabs and large pieces, the oldest first. */
  readonly #pieces = new Queue<Uint8Array>()
  /** The slab that is being filled; always behind the pieces. */
  #slab = EMPTY
  #fill = 0
  /** Bytes of the next slab. */
  #next = FIRST_SLAB
  #length = 0

  /** Bytes that wait. */
  get length(): number {
    return this.#length
  }

  push(bytes: Uint8Array): void {
    this.#length += bytes.length
    if (bytes.length >= LARGE) {
      this.#seal()
      this.#pieces.push(bytes)
      return
    }
    if (this.#fill + bytes.length > this.#slab.length) {
      this.#seal()
      this.#slab = new Uint8Array(Math.max(this.#next, bytes.length))
      this.#next = Math.min(2 * this.#next, SLAB)
    }
    this.#slab.set(bytes, this.#fill)
    this.#fill += bytes.length
  }

  /** The oldest bytes, at most `limit` of them and as many as lie together; `undefined` where none wait. */
  take(limit: number): Uint8Array | undefined {
    if (this.#length === 0) return undefined
    if (this.#pieces.length === 0) this.#seal()
    const piece = this.#pieces.first
    if (piece === undefined) return undefined
    if (piece.length <= limit) {
      this.#pieces.shift()
      this.#length -= piece.length
      if (this.#length === 0) this.clear()
      return piece
    }
    this.#pieces.replaceFirst(piece.subarray(limit))
    this.#length -= limit
    return piece.subarray(0, limit)
  }

  clear(): void {
    this.#pieces.clear()
    this.#slab = EMPTY
    this.#fill = 0
    this.#next = FIRST_SLAB
    this.#length = 0
  }

  /** Ends the piece in hand: what comes next begins behind it, so that nobody writes into what was taken. */
  #seal(): void {
    if (this.#fill === 0) return
    this.#pieces.push(this.#slab.subarray(0, this.#fill))
    this.#slab = this.#slab.subarray(this.#fill)
    this.#fill = 0
  }
}
