import { readU32 } from './bytes.js'
import type { FixedCodec, Plain } from './codec.js'
import { Writer } from './cursor.js'
import { WireError } from './error.js'
import { type Hash, sha256d } from './hash.js'
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

/** A block header over its 80 bytes; fields are read when asked for, the hash is computed once. */
export class BlockHeader implements BlockHeaderFields {
  /** The 80 bytes; a view into the received payload: copy it to keep it for long. */
  readonly bytes: Uint8Array
  #hash: Hash | undefined

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
    return this.bytes.subarray(4, 36)
  }

  get merkleRoot(): Hash {
    return this.bytes.subarray(36, 68)
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
    this.#hash ??= sha256d(this.bytes)
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
