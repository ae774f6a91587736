import { writeU32 } from './bytes.js'
import { WireError } from './error.js'
import { MAX_SIZE } from './limits.js'

/** What a codec may need to know of the conversation. */
export interface CursorContext {
  /** Negotiated protocol version; the newest where left out. */
  readonly protocolVersion?: number | undefined
  /** Wire name of the message, for errors. */
  readonly command?: string | undefined
  /** Whether transactions are written with their witness (BIP144). Default true. */
  readonly witness?: boolean | undefined
  /** Whether to read over what Core reads over. Default false. */
  readonly lenient?: boolean | undefined
}

const NEWEST = Number.MAX_SAFE_INTEGER

/** 64 bits on their way between two halves and a bigint: a DataView for each payload takes 50 to 100 ns. */
const word = new DataView(new ArrayBuffer(8))

/**
 * Reads one payload from front to back; every read is checked against the end, and nothing is copied. The payload may
 * lie anywhere in a longer buffer: offsets count from its own beginning all the same.
 */
export class Reader {
  /** What the payload lies in. For codecs inside the library, which read it at `position` without a view in between. */
  readonly buffer: Uint8Array
  /** Where in `buffer` the next read begins. */
  position: number
  /** Negotiated protocol version; above all others where none was given. */
  readonly protocolVersion: number
  /** Wire name of the message, for errors. */
  readonly command: string | undefined
  /** Whether to read over what Core reads over: where a codec heeds it, its comment says what. */
  readonly lenient: boolean
  readonly #start: number
  readonly #end: number
  #bytes: Uint8Array | undefined

  /**
   * @param bytes - the payload, or what it lies in
   * @param context - what codecs may need to know
   * @param start - where the payload begins in `bytes`
   * @param end - where it ends; the caller has checked that both lie in `bytes`
   */
  constructor(bytes: Uint8Array, context: CursorContext = {}, start = 0, end: number = bytes.length) {
    this.buffer = bytes
    this.position = start
    this.protocolVersion = context.protocolVersion ?? NEWEST
    this.command = context.command
    this.lenient = context.lenient ?? false
    this.#start = start
    this.#end = end
    this.#bytes = undefined
  }

  /** The payload. */
  get bytes(): Uint8Array {
    // Made when it is asked for: most messages are read without it, and a view takes as long as reading a ping.
    this.#bytes ??=
      this.#start === 0 && this.#end === this.buffer.length
        ? this.buffer
        : this.buffer.subarray(this.#start, this.#end)
    return this.#bytes
  }

  /** Byte offset of the next read in the payload. */
  get offset(): number {
    return this.position - this.#start
  }

  /** Moves to another byte of the payload. */
  set offset(offset: number) {
    this.position = this.#start + offset
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#end - this.position
  }

  /** The error to throw for a fault at `offset`. */
  fault(code: ConstructorParameters<typeof WireError>[0], detail?: string, offset = this.offset): WireError {
    return new WireError(code, detail, { command: this.command, offset })
  }

  /** Moves past `length` bytes and returns where in `buffer` they begin. */
  #pass(length: number): number {
    const at = this.position
    if (length > this.#end - at) {
      throw this.fault('truncated', `${length} bytes wanted, ${this.remaining} left`)
    }
    this.position = at + length
    return at
  }

  /** Moves past `length` bytes and returns where they began. */
  skip(length: number): number {
    return this.#pass(length) - this.#start
  }

  /** An unsigned byte. */
  u8(): number {
    return this.buffer[this.#pass(1)]!
  }

  /** 2 bytes, unsigned, little-endian. */
  u16(): number {
    const at = this.#pass(2)
    return this.buffer[at]! | (this.buffer[at + 1]! << 8)
  }

  /** 2 bytes, unsigned, big-endian: ports are the one such field of the protocol. */
  u16be(): number {
    const at = this.#pass(2)
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!
  }

  /** 4 bytes, unsigned, little-endian. */
  u32(): number {
    return this.i32() >>> 0
  }

  /** 4 bytes, signed, little-endian. */
  i32(): number {
    const { buffer } = this
    const at = this.#pass(4)
    return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24)
  }

  /** 8 bytes, unsigned, little-endian. */
  u64(): bigint {
    this.#word()
    return word.getBigUint64(0, true)
  }

  /** 8 bytes, signed, little-endian. */
  i64(): bigint {
    this.#word()
    return word.getBigInt64(0, true)
  }

  /** Moves 8 bytes into `word`. */
  #word(): void {
    const { buffer } = this
    const at = this.#pass(8)
    word.setInt32(
      0,
      buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24),
      true,
    )
    word.setInt32(
      4,
      buffer[at + 4]! | (buffer[at + 5]! << 8) | (buffer[at + 6]! << 16) | (buffer[at + 7]! << 24),
      true,
    )
  }

  /** A view of the next `length` bytes: it shares memory with the payload. */
  take(length: number): Uint8Array {
    const at = this.#pass(length)
    return this.buffer.subarray(at, at + length)
  }

  /** A CompactSize over the full 64 bits, for values that are data; shortest form only. */
  compactSize64(): bigint {
    const start = this.offset
    if (this.remaining === 0 || this.buffer[this.position] !== 0xff) return BigInt(this.compactSize())
    this.skip(1)
    const value = this.u64()
    if (value <= 0xffff_ffffn) throw this.fault('non-canonical-size', `${value} written in 9 bytes`, start)
    return value
  }

  /** A CompactSize that counts or measures, at most `limit`; shortest form only. */
  compactSize(limit = 0xffff_ffff): number {
    const start = this.offset
    const first = this.u8()
    if (first === 0xff) {
      this.offset = start
      throw this.fault('too-long', `size ${this.compactSize64()} is above ${limit}`, start)
    }
    const value = first < 0xfd ? first : first === 0xfd ? this.u16() : this.u32()
    if (first >= 0xfd && value < (first === 0xfd ? 0xfd : 0x1_0000)) {
      throw this.fault('non-canonical-size', `${value} written in ${this.offset - start} bytes`, start)
    }
    if (value > limit) throw this.fault('too-long', `size ${value} is above ${limit}`, start)
    return value
  }

  /**
   * A count of items, each at least `minSize` bytes. It is refused before anything is read or allocated when it is
   * above `limit` or when the rest of the payload cannot hold as many.
   */
  count(limit: number, minSize: number): number {
    const start = this.offset
    const count = this.compactSize(MAX_SIZE)
    if (count > limit) throw this.fault('too-many', `${count} items, at most ${limit} are allowed`, start)
    if (count * minSize > this.remaining) {
      throw this.fault('truncated', `${count} items announced, ${this.remaining} bytes left`, start)
    }
    return count
  }

  /** A CompactSize length and that many bytes, at most `limit`, as a view. */
  varBytes(limit: number): Uint8Array {
    const start = this.offset
    const length = this.compactSize(MAX_SIZE)
    if (length > limit) throw this.fault('too-long', `${length} bytes, at most ${limit} are allowed`, start)
    return this.take(length)
  }

  /** Everything that is left, as a view. */
  rest(): Uint8Array {
    return this.take(this.remaining)
  }

  /** Checks that nothing is left. */
  end(): void {
    if (this.remaining > 0) throw this.fault('trailing-bytes', `${this.remaining} bytes left over`)
  }
}

/** Bytes that a CompactSize takes. */
export function compactSizeLength(value: number): 1 | 3 | 5 | 9 {
  return value < 0xfd ? 1 : value <= 0xffff ? 3 : value <= 0xffff_ffff ? 5 : 9
}

/**
 * Writes one payload, growing as needed. Values out of range throw `bad-value` instead of being cut. What it writes may
 * begin anywhere in a buffer that it is given: lengths and offsets count from the beginning of the payload all the same.
 */
export class Writer {
  /** Negotiated protocol version; above all others where none was given. */
  readonly protocolVersion: number
  /** Wire name of the message, for errors. */
  readonly command: string | undefined
  /** Whether transactions are written with their witness (BIP144). */
  readonly witness: boolean
  readonly #start: number
  #buffer: Uint8Array
  #position: number

  /**
   * @param context - what codecs may need to know
   * @param buffer - where to write, as long as there is room; what grows is a copy
   * @param start - where the payload begins in `buffer`
   */
  constructor(context: CursorContext = {}, buffer: Uint8Array = new Uint8Array(64), start = 0) {
    this.protocolVersion = context.protocolVersion ?? NEWEST
    this.command = context.command
    this.witness = context.witness ?? true
    this.#start = start
    this.#buffer = buffer
    this.#position = start
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#position - this.#start
  }

  /** Where it writes: the buffer that it was given, or a longer copy once it grew. */
  get buffer(): Uint8Array {
    return this.#buffer
  }

  /** The error to throw for a value that cannot be written. */
  fault(code: ConstructorParameters<typeof WireError>[0], detail?: string): WireError {
    return new WireError(code, detail, { command: this.command, offset: this.length })
  }

  /** Makes room for `length` more bytes at once, so that what is long does not grow by halves. */
  room(length: number): void {
    const needed = this.#position + length
    if (needed <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
    grown.set(this.#buffer.subarray(0, this.#position))
    this.#buffer = grown
  }

  /** Makes room and answers where; `#buffer` may be another one afterwards. */
  #reserve(length: number): number {
    const start = this.#position
    if (start + length > this.#buffer.length) this.room(length)
    this.#position = start + length
    return start
  }

  #integer(value: number, min: number, max: number): void {
    if (!Number.isInteger(value) || value < min || value > max) {
      throw this.fault('bad-value', `${value} is not an integer from ${min} to ${max}`)
    }
  }

  /** An unsigned byte. */
  u8(value: number): void {
    this.#integer(value, 0, 0xff)
    const at = this.#reserve(1)
    this.#buffer[at] = value
  }

  /** 2 bytes, unsigned, little-endian. */
  u16(value: number): void {
    this.#integer(value, 0, 0xffff)
    const at = this.#reserve(2)
    const buffer = this.#buffer
    buffer[at] = value
    buffer[at + 1] = value >>> 8
  }

  /** 2 bytes, unsigned, big-endian. */
  u16be(value: number): void {
    this.#integer(value, 0, 0xffff)
    const at = this.#reserve(2)
    const buffer = this.#buffer
    buffer[at] = value >>> 8
    buffer[at + 1] = value
  }

  /** 4 bytes, unsigned, little-endian. */
  u32(value: number): void {
    this.#integer(value, 0, 0xffff_ffff)
    const at = this.#reserve(4)
    writeU32(this.#buffer, at, value)
  }

  /** 4 bytes, signed, little-endian. */
  i32(value: number): void {
    this.#integer(value, -0x8000_0000, 0x7fff_ffff)
    const at = this.#reserve(4)
    writeU32(this.#buffer, at, value)
  }

  /** 8 bytes, unsigned, little-endian. */
  u64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) {
      throw this.fault('bad-value', `${value} is not from 0 to ${0xffff_ffff_ffff_ffffn}`)
    }
    word.setBigUint64(0, value, true)
    this.#word()
  }

  /** 8 bytes, signed, little-endian. */
  i64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      throw this.fault(
        'bad-value',
        `${value} is not from ${-0x8000_0000_0000_0000n} to ${0x7fff_ffff_ffff_ffffn}`,
      )
    }
    word.setBigInt64(0, value, true)
    this.#word()
  }

  /** Writes what is in `word`. */
  #word(): void {
    const at = this.#reserve(8)
    const buffer = this.#buffer
    writeU32(buffer, at, word.getInt32(0, true))
    writeU32(buffer, at + 4, word.getInt32(4, true))
  }

  /** The bytes as they are, without a length. */
  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#buffer.set(bytes, at)
  }

  /** A CompactSize over the full 64 bits, in the shortest form. */
  compactSize64(value: bigint): void {
    if (value > 0xffff_ffffn) {
      this.u8(0xff)
      this.u64(value)
    } else this.compactSize(Number(value))
  }

  /** A CompactSize up to 2^32 - 1, in the shortest form: 1, 3 or 5 bytes. */
  compactSize(value: number): void {
    if (value < 0xfd) this.u8(value)
    else if (value <= 0xffff) {
      this.u8(0xfd)
      this.u16(value)
    } else {
      this.u8(0xfe)
      this.u32(value)
    }
  }

  /** A count of items; more than `limit` throws `too-many`. */
  count(value: number, limit: number): void {
    if (value > limit) throw this.fault('too-many', `${value} items, at most ${limit} are allowed`)
    this.compactSize(value)
  }

  /** A CompactSize length and the bytes; more than `limit` throws `too-long`. */
  varBytes(bytes: Uint8Array, limit: number): void {
    if (bytes.length > limit)
      throw this.fault('too-long', `${bytes.length} bytes, at most ${limit} are allowed`)
    this.compactSize(bytes.length)
    this.raw(bytes)
  }

  /** All that its buffer holds up to here as a buffer of just that size: a copy, but for the one that it grew into. */
  exact(borrowed: Uint8Array): Uint8Array {
    const buffer = this.#buffer
    return buffer !== borrowed && this.#position === buffer.length ? buffer : buffer.slice(0, this.#position)
  }

  /** The bytes written; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#position)
  }
}
