import { unfilled } from '#crypto'

const EMPTY = new Uint8Array(0)

/** The first allocation for a payload that comes in small pieces, bytes. */
const FIRST_BUFFER = 1_024
/** From this length on a piece is kept as it is, where it is half of its buffer at least. */
const LARGE = 16_384
/** Room for all of a payload is made when so large a part of it is here: a claim alone makes no memory. */
const ROOM_FROM = 1 / 4

/**
 * A payload that comes in pieces. Large ones are kept as they came and copied once, when all are there: a buffer that grew
 * with them was copied as often again, and making its memory took longer than decoding the block in it (measured: 0.44 ms
 * of 1.4 for 1.2 MB). Small ones are gathered, since an object for each could take many times their bytes.
 */
export class PayloadPieces {
  #length = 0
  #held = 0
  #large: Uint8Array[] | undefined
  /** Small ones, behind the large ones. */
  #small = EMPTY
  #fill = 0
  /** All of the payload, where {@link room} has made it: then nothing is elsewhere. */
  #whole: Uint8Array | undefined
  #offered = false

  /** Bytes of the payload that are here. */
  get length(): number {
    return this.#length
  }

  /** Bytes that are kept alive for them. */
  get held(): number {
    return this.#held + this.#small.length + (this.#whole?.length ?? 0)
  }

  /**
   * Takes what lies from `start` to `end` in a chunk, which nobody may change afterwards.
   * @param most - how long the payload is: nothing is made for more
   */
  add(chunk: Uint8Array, start: number, end: number, most: number): void {
    const size = end - start
    this.#offered = false
    if (this.#whole !== undefined) {
      const { buffer, byteOffset } = this.#whole
      const isThere = chunk.buffer === buffer && chunk.byteOffset + start === byteOffset + this.#length
      if (!isThere) this.#whole.set(chunk.subarray(start, end), this.#length)
      this.#length += size
      return
    }
    if (size >= LARGE && 2 * size >= chunk.buffer.byteLength) {
      this.#seal()
      this.#keep(chunk.subarray(start, end))
      this.#length += size
      return
    }
    this.#grow(this.#fill + size, most - this.#length + this.#fill)
    this.#small.set(chunk.subarray(start, end), this.#fill)
    this.#fill += size
    this.#length += size
  }

  /**
   * Where the next bytes may be written to before they are added, once a good part of the payload is here: then they need
   * neither memory of their own nor a copy. `undefined` where it does not pay, and until what came of the last room is
   * added.
   * @param most - how long the payload is
   */
  room(most: number): Uint8Array | undefined {
    if (this.#offered || most - this.#length < LARGE || this.#length < most * ROOM_FROM) return undefined
    this.#whole ??= this.#joined(most)
    this.#offered = true
    return this.#whole.subarray(this.#length)
  }

  /** All of it in a buffer of its own, and nothing is kept. */
  take(): Uint8Array {
    const whole =
      this.#whole ??
      (this.#large === undefined && this.#fill === this.#small.length
        ? this.#small
        : this.#joined(this.#length))
    this.#whole = undefined
    this.#offered = false
    this.#length = 0
    this.#held = 0
    this.#large = undefined
    this.#small = EMPTY
    this.#fill = 0
    return whole
  }

  /** What is here, at the beginning of a buffer of this size; it is kept nowhere else. */
  #joined(size: number): Uint8Array {
    this.#seal()
    const whole = unfilled(size)
    let at = 0
    for (const piece of this.#large ?? []) {
      whole.set(piece, at)
      at += piece.length
    }
    this.#held = 0
    this.#large = undefined
    return whole
  }

  #seal(): void {
    if (this.#fill > 0) this.#keep(this.#small.subarray(0, this.#fill))
    this.#small = EMPTY
    this.#fill = 0
  }

  #keep(piece: Uint8Array): void {
    this.#held += piece.buffer.byteLength
    if (this.#large === undefined) this.#large = [piece]
    else this.#large.push(piece)
  }

  /** Doubling what has arrived, never above what is still to come, so that the last buffer is exactly the payload. */
  #grow(needed: number, most: number): void {
    if (needed <= this.#small.length) return
    const grown = new Uint8Array(Math.min(most, Math.max(FIRST_BUFFER, 2 * needed)))
    grown.set(this.#small.subarray(0, this.#fill))
    this.#small = grown
  }
}
