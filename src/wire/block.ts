import { type Layout, txidsOf, wtxidsOf } from './block-ids.js'
import type { Codec, Plain, PlainLimits } from './codec.js'
import { plainList } from './codec.js'
import { compactSizeLength, Writer } from './cursor.js'
import { type Hash, separate } from './hash.js'
import { BlockHeader, HEADER_SIZE, plainHeader } from './header.js'
import { type List, ListView } from './list.js'
import { plainTransaction, Transaction } from './transaction.js'
import { TransactionScanner } from './transaction-scanner.js'

/** Bytes of the shortest transaction, one without inputs and outputs. */
const MIN_TRANSACTION = 10

/** Grows with the transactions that are really there: a count claims nothing. */
function scanBlock(
  bytes: Uint8Array,
  offset: number,
  command: string | undefined,
): { layout: Layout; end: number } {
  const scanner = new TransactionScanner(bytes, offset, command)
  scanner.skip(HEADER_SIZE)
  const count = scanner.count(MIN_TRANSACTION)
  let offsets = new Uint32Array(2 * Math.min(count, 512) + 1)
  for (let i = 0; i < count; i += 1) {
    if (2 * i + 2 >= offsets.length) {
      const grown = new Uint32Array(Math.min(2 * count + 1, 2 * offsets.length))
      grown.set(offsets)
      offsets = grown
    }
    offsets[2 * i] = scanner.offset - offset
    scanner.scan()
    offsets[2 * i + 1] = scanner.witness === 0 ? 0 : scanner.witness - offset
  }
  offsets[2 * count] = scanner.offset - offset
  return { layout: { bytes: bytes.subarray(offset, scanner.offset), count, offsets }, end: scanner.offset }
}

let layoutOf: (block: Block) => Layout

/**
 * A block over its bytes. Its structure was validated when it was decoded; of each transaction only the offsets are
 * kept, and each access makes the transaction anew, so keep the one you are working with.
 */
export class Block {
  /** The serialised block as received, witness included; a view: copy it to keep it for long. */
  readonly bytes: Uint8Array
  /** The first 80 bytes. */
  readonly header: BlockHeader
  /** In the order of the block, the coinbase first. */
  readonly transactions: List<Transaction>
  readonly #layout: Layout

  static {
    layoutOf = block => block.#layout
  }

  private constructor(layout: Layout) {
    const { bytes, count, offsets } = layout
    this.bytes = bytes
    this.#layout = layout
    this.header = new BlockHeader(bytes.subarray(0, HEADER_SIZE))
    // Taken once: a view costs half where what it lies in is at hand.
    const { buffer, byteOffset } = bytes
    this.transactions = new ListView(count, i =>
      Transaction.inMemory(buffer, byteOffset, offsets[2 * i]!, offsets[2 * i + 2]!, offsets[2 * i + 1]!),
    )
  }

  /**
   * Decodes exactly one block.
   * @throws WireError where the bytes are no block, or more than one
   */
  static decode(bytes: Uint8Array): Block {
    const { layout, end } = scanBlock(bytes, 0, 'block')
    const scanner = new TransactionScanner(bytes, end, 'block')
    scanner.end()
    return new Block(layout)
  }

  /** The block at `offset` of `bytes` and where it ends. */
  static decodeAt(
    bytes: Uint8Array,
    offset: number,
    command?: string | undefined,
  ): { block: Block; end: number } {
    const { layout, end } = scanBlock(bytes, offset, command)
    return { block: new Block(layout), end }
  }

  /** Puts a header and transactions together; their agreement is the caller's. */
  static from(header: BlockHeader, transactions: List<Transaction>): Block {
    const writer = new Writer({ command: 'block' })
    writer.raw(header.bytes)
    writer.compactSize(transactions.length)
    for (const tx of transactions) writer.raw(tx.bytes)
    return Block.decode(writer.finish())
  }

  /** The block's id: SHA256d of the header, wire order. */
  get hash(): Hash {
    return this.header.hash
  }

  /** Whether any transaction is in witness form. */
  get hasWitness(): boolean {
    const { count, offsets } = this.#layout
    for (let i = 0; i < count; i += 1) if (offsets[2 * i + 1] !== 0) return true
    return false
  }

  /** The txids in order, wire order each. Computed by each call: keep them. */
  txids(): Hash[] {
    return separate(txidsOf(this.#layout))
  }

  /** The wtxids in order, wire order each, that of the coinbase as any other. Computed by each call: keep them. */
  wtxids(): Hash[] {
    return separate(wtxidsOf(this.#layout))
  }

  /** Bytes of the form without witness. */
  get strippedSize(): number {
    let size = HEADER_SIZE + compactSizeLength(this.transactions.length)
    for (const tx of this.transactions) size += tx.strippedSize
    return size
  }

  /** `3 · stripped + total`, at most 4,000,000 in a valid block. */
  get weight(): number {
    return 3 * this.strippedSize + this.bytes.length
  }

  /** The form without witness. */
  get stripped(): Uint8Array {
    const writer = new Writer({ witness: false })
    writer.raw(this.header.bytes)
    writer.compactSize(this.transactions.length)
    for (const tx of this.transactions) writer.raw(tx.stripped)
    return writer.finish()
  }
}

/** The txids of a block, one behind the other. Do not write to them. */
export const flatTxids = (block: Block): Uint8Array => txidsOf(layoutOf(block))

/** The wtxids of a block, one behind the other. */
export const flatWtxids = (block: Block): Uint8Array => wtxidsOf(layoutOf(block))

/** A block in plain form. */
export function plainBlock(block: Block, limits: PlainLimits): { [key: string]: Plain } {
  return {
    ...plainHeader(block.header),
    size: block.bytes.length,
    weight: block.weight,
    transactions: plainList(block.transactions, limits, tx => plainTransaction(tx, limits)),
  }
}

/** A block in a payload; written with its witness unless the writer is told otherwise. */
export const block: Codec<Block> = {
  minSize: HEADER_SIZE + 1,
  decode: reader => {
    const { block: decoded, end } = Block.decodeAt(reader.bytes, reader.offset, reader.command)
    reader.offset = end
    return decoded
  },
  encode: (writer, value) => writer.raw(writer.witness ? value.bytes : value.stripped),
  plain: plainBlock,
}
