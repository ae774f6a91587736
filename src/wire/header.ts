import { readU32 } from './bytes.js'
import type { FixedCodec, Plain } from './codec.js'
import { Writer } from './cursor.js'
import { WireError } from './error.js'
import { HASH_SIZE, type Hash, sha256d, sha256dAlike } from './hash.js'
import { toHex } from './hex.js'

/** The fields of a block header. */
export interface BlockHeaderFields {
  /** Version, signed 32 bits; since BIP9 its bits signal. */
  readonly version: number
  /** Hash of the block before, wire order. */
  readonly previousBlock: Hash
  /** Root of the tree of txids, wire order. */
  readonly merkleRoot: Hash
  /** Seconds since 1970, unsigned 32 bits. */
  readonly time: number
  /** The target in compact form. */
  readonly bits: number
  /** What miners vary first to meet the target; 32 bits, unsigned. */
  readonly nonce: number
}

/** Bytes of a serialised header. */
export const HEADER_SIZE = 80

let inRun: (bytes: Uint8Array, run: HeaderRun, index: number) => BlockHeader

/** So many headers at once are hashed as fast as it gets, and their hashes are few to keep. */
const MOST_AT_ONCE = 256

/**
 * Headers that came one behind the other. Who asks for the hash of one after the other gets them from the lanes, more
 * at a time from step to step: whoever wants but the last one does not pay for all.
 */
export class HeaderRun {
  /** How many there are. */
  readonly count: number
  readonly #bytes: Uint8Array
  readonly #start: number
  readonly #stride: number
  // Taken once: each costs as much as the view that is made with it.
  readonly #memory: ArrayBufferLike
  readonly #offset: number
  #hashes: Uint8Array | undefined
  #from = 0
  #to = 0
  #next = 1

  /**
   * @param bytes - what they lie in
   * @param start - where the first one begins
   * @param stride - bytes from the beginning of one to that of the next
   * @param count - how many there are; the caller has checked that all lie in `bytes`
   */
  constructor(bytes: Uint8Array, start: number, stride: number, count: number) {
    this.count = count
    this.#bytes = bytes
    this.#start = start
    this.#stride = stride
    this.#memory = bytes.buffer
    this.#offset = bytes.byteOffset + start
  }

  /** The header at `index`. */
  header(index: number): BlockHeader {
    return inRun(new Uint8Array(this.#memory, this.#offset + index * this.#stride, HEADER_SIZE), this, index)
  }

  /** Its hash, in an array of its own. */
  hash(index: number): Hash {
    const hashes = this.#hashFrom(index)
    const at = HASH_SIZE * (index - this.#from)
    // A header that is kept keeps this too, but no hashes that nobody is likely to ask for.
    if (index === this.count - 1) this.#forget()
    return hashes.slice(at, at + HASH_SIZE)
  }

  /** Its previous block, or its merkle root: 32 bytes from `at` on. */
  part(index: number, at: number): Hash {
    return new Uint8Array(this.#memory, this.#offset + index * this.#stride + at, HASH_SIZE)
  }

  #forget(): void {
    this.#hashes = undefined
    this.#to = 0
    this.#next = 1
  }

  #hashFrom(index: number): Uint8Array {
    if (this.#hashes !== undefined && index >= this.#from && index < this.#to) return this.#hashes
    const next = index === this.#to ? this.#next : 1
    const count = Math.min(next, this.count - index)
    if (this.#hashes === undefined || this.#hashes.length < HASH_SIZE * count) {
      this.#hashes = new Uint8Array(HASH_SIZE * count)
    }
    sha256dAlike(
      HEADER_SIZE,
      this.#bytes,
      this.#start + index * this.#stride,
      this.#stride,
      count,
      this.#hashes,
    )
    this.#from = index
    this.#to = index + count
    this.#next = Math.min(MOST_AT_ONCE, 8 * next)
    return this.#hashes
  }
}

/** A block header over its 80 bytes; fields are read when asked for, the hash is computed once. */
export class BlockHeader implements BlockHeaderFields {
  /** The 80 bytes; a view into the received payload: copy it to keep it for long. */
  readonly bytes: Uint8Array
  #hash: Hash | undefined
  /** What it came in, and its place there. */
  #run: HeaderRun | undefined
  #index = 0

  static {
    inRun = (bytes, run, index) => {
      const header = new BlockHeader(bytes)
      header.#run = run
      header.#index = index
      return header
    }
  }

  /**
   * @param bytes - exactly 80 bytes
   * @throws WireError `truncated` or `trailing-bytes`
   */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== HEADER_SIZE) {
      const code = bytes.length < HEADER_SIZE ? 'truncated' : 'trailing-bytes'
      throw new WireError(code, `a header has ${HEADER_SIZE} bytes, not ${bytes.length}`)
    }
    this.bytes = bytes
  }

  /** Serialises `fields`. Throws WireError `bad-value` for what does not fit. */
  static from(fields: BlockHeaderFields): BlockHeader {
    const writer = new Writer()
    writer.i32(fields.version)
    for (const hash of [fields.previousBlock, fields.merkleRoot]) {
      if (hash.length !== 32) throw writer.fault('bad-value', `a hash has 32 bytes, not ${hash.length}`)
      writer.raw(hash)
    }
    writer.u32(fields.time)
    writer.u32(fields.bits)
    writer.u32(fields.nonce)
    return new BlockHeader(writer.finish())
  }

  get version(): number {
    return readU32(this.bytes, 0) | 0
  }

  get previousBlock(): Hash {
    return this.#run?.part(this.#index, 4) ?? this.bytes.subarray(4, 36)
  }

  get merkleRoot(): Hash {
    return this.#run?.part(this.#index, 36) ?? this.bytes.subarray(36, 68)
  }

  get time(): number {
    return readU32(this.bytes, 68)
  }

  get bits(): number {
    return readU32(this.bytes, 72)
  }

  /** What miners vary first to meet the target; 32 bits, unsigned. */
  get nonce(): number {
    return readU32(this.bytes, 76)
  }

  /** The block's id: SHA256d of the 80 bytes, wire order. */
  get hash(): Hash {
    this.#hash ??= this.#run?.hash(this.#index) ?? sha256d(this.bytes)
    return this.#hash
  }
}

/** A header in plain form, its hash with it. */
export function plainHeader(header: BlockHeader): { [key: string]: Plain } {
  return {
    hash: toHex(header.hash),
    version: header.version,
    previousBlock: toHex(header.previousBlock),
    merkleRoot: toHex(header.merkleRoot),
    time: header.time,
    bits: header.bits,
    nonce: header.nonce,
  }
}

/** The 80 bytes of a header. */
export const blockHeader: FixedCodec<BlockHeader> = {
  minSize: HEADER_SIZE,
  size: HEADER_SIZE,
  decode: reader => new BlockHeader(reader.take(HEADER_SIZE)),
  read: (bytes, offset) => new BlockHeader(bytes.subarray(offset, offset + HEADER_SIZE)),
  encode: (writer, header) => writer.raw(header.bytes),
  plain: plainHeader,
}
