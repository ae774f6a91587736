import type { Codec, Plain, PlainLimits } from './codec.js'
import { plainList } from './codec.js'
import { compactSizeLength, Writer } from './cursor.js'
import { type Hash, separate, sha256dAll } from './hash.js'
import { BlockHeader, HEADER_SIZE, plainHeader } from './header.js'
import { type List, ListView } from './list.js'
import { plainTransaction, Transaction } from './transaction.js'
import { TransactionScanner } from './transaction-scanner.js'

/** Bytes of the shortest transaction, one without inputs and outputs. */
const MIN_TRANSACTION = 10

/** Offsets of a block's transactions: where each starts, and where its witness does. */
interface Layout {
  readonly bytes: Uint8Array
  readonly count: number
  /** Pairs of start and witness (0 where there is none), and the end of the last. */
  readonly offsets: Uint32Array
}

/** Grows with the transactions that are really there: a count claims nothing. */
function scanBlock(bytes: Uint8Array, offset: number, command: string | undefined): Layout & { end: number } {
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
  return { bytes: bytes.subarray(offset, scanner.offset), count, offsets, end: scanner.offset }
}

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
  readonly #offsets: Uint32Array

  private constructor({ bytes, count, offsets }: Layout) {
    this.bytes = bytes
    this.#offsets = offsets
    this.header = new BlockHeader(bytes.subarray(0, HEADER_SIZE))
    this.transactions = new ListView(count, i =>
      Transaction.at(bytes, offsets[2 * i] ?? 0, offsets[2 * i + 2] ?? 0, offsets[2 * i + 1] ?? 0),
    )
  }

  /**
   * Decodes exactly one block.
   * @throws WireError where the bytes are no block, or more than one
   */
  static decode(bytes: Uint8Array): Block {
    const layout = scanBlock(bytes, 0, 'block')
    const scanner = new TransactionScanner(bytes, layout.end, 'block')
    scanner.end()
    return new Block(layout)
  }

  /** The block at `offset` of `bytes` and where it ends. */
  static decodeAt(
    bytes: Uint8Array,
    offset: number,
    command?: string | undefined,
  ): { block: Block; end: number } {
    const layout = scanBlock(bytes, offset, command)
    return { block: new Block(layout), end: layout.end }
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
    return this.#offsets.some((offset, i) => i % 2 === 1 && offset !== 0)
  }

  /** The txids in order, wire order each. Computed by each call: keep them. */
  txids(): Hash[] {
    const count = this.transactions.length
    const transactions: Transaction[] = []
    for (let index = 0; index < count; index += 1) transactions.push(this.transactions.at(index)!)
    return separate(
      sha256dAll({
        count,
        size: index => transactions[index]!.strippedSize,
        write: (index, target, offset) => transactions[index]!.writeStripped(target, offset),
      }),
    )
  }

  /** The wtxids in order, wire order each, that of the coinbase as any other. Computed by each call: keep them. */
  wtxids(): Hash[] {
    const transactions = Array.from(this.transactions, ({ bytes }) => bytes)
    return separate(
      sha256dAll({
        count: transactions.length,
        size: index => transactions[index]!.length,
        write: (index, target, offset) => target.set(transactions[index]!, offset),
      }),
    )
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
