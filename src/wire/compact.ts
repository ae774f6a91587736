import { readU32 } from './bytes.js'
import {
  type Codec,
  type FixedCodec,
  type Plain,
  type PlainLimits,
  plainList,
  struct,
  u64,
  view,
} from './codec.js'
import type { Reader, Writer } from './cursor.js'
import { type BlockHeader, blockHeader } from './header.js'
import type { List } from './list.js'
import { type Transaction, transaction } from './transaction.js'

/** Transactions that a compact block may name: a block's weight by that of the shortest (Core: 4,000,000 / 40). */
export const MAX_COMPACT_TRANSACTIONS = 100_000
/** Highest place in a block that compact blocks can name: Core keeps them in 16 bits. */
export const MAX_COMPACT_INDEX = 0xffff

/** A transaction that is sent along with a compact block. */
export interface PrefilledTransaction {
  /** Its place in the block, at most 65535; absolute here, a difference on the wire. */
  readonly index: number
  /** In full. */
  readonly transaction: Transaction
}

/** A block by the short ids of its transactions (BIP152 `HeaderAndShortIDs`). */
export interface CompactBlock {
  /** Of the block; part of the key of the short ids. */
  readonly header: BlockHeader
  /** Random; part of the key of the short ids. */
  readonly nonce: bigint
  /**
   * Short ids, 48 bits each (6 bytes, little-endian, which a number holds exactly), in the order of the block and
   * without the prefilled transactions; at most 100,000 together with these.
   */
  readonly shortIds: List<number>
  /** Transactions that the sender expects the receiver not to have, ascending; at least the coinbase. */
  readonly prefilled: List<PrefilledTransaction>
}

/** A short id: 48 bits, little-endian; in plain form 12 hex digits, highest first. */
export const shortIdCodec: FixedCodec<number> = {
  minSize: 6,
  size: 6,
  decode: reader => reader.u32() + reader.u16() * 0x1_0000_0000,
  read: (bytes, offset) =>
    readU32(bytes, offset) + ((bytes[offset + 4] ?? 0) | ((bytes[offset + 5] ?? 0) << 8)) * 0x1_0000_0000,
  encode: (writer, id) => {
    if (!Number.isInteger(id) || id < 0 || id > 0xffff_ffff_ffff) {
      throw writer.fault('bad-value', `the short id ${id} does not fit 48 bits`)
    }
    writer.u32(id % 0x1_0000_0000)
    writer.u16(Math.floor(id / 0x1_0000_0000))
  },
  plain: id => id.toString(16).padStart(12, '0'),
}

/** The index whose difference comes next; the first differs from -1. */
function readIndex(reader: Reader, previous: number): number {
  const start = reader.offset
  const index = previous + 1 + reader.compactSize()
  if (index > MAX_COMPACT_INDEX) {
    throw reader.fault('bad-value', `index ${index} is above ${MAX_COMPACT_INDEX}`, start)
  }
  return index
}

function writeIndex(writer: Writer, previous: number, index: number): void {
  if (!Number.isInteger(index) || index <= previous || index > MAX_COMPACT_INDEX) {
    throw writer.fault(
      'bad-value',
      `index ${index} after ${previous}: indexes ascend, up to ${MAX_COMPACT_INDEX}`,
    )
  }
  writer.compactSize(index - previous - 1)
}

/** A count and as many items behind an ascending index each, which the wire holds as differences. */
function indexedList<T>(codec: {
  readonly minSize: number
  readonly limit: number
  indexOf(item: T): number
  decode(reader: Reader, index: number): T
  encode(writer: Writer, item: T): void
  plain(item: T, limits: PlainLimits): Plain
}): Codec<List<T>> {
  return {
    minSize: 1,
    decode: reader => {
      const items: T[] = []
      const count = reader.count(codec.limit, codec.minSize)
      for (let previous = -1; items.length < count; ) {
        previous = readIndex(reader, previous)
        items.push(codec.decode(reader, previous))
      }
      return items
    },
    encode: (writer, items) => {
      writer.count(items.length, codec.limit)
      let previous = -1
      for (const item of items) {
        const index = codec.indexOf(item)
        writeIndex(writer, previous, index)
        codec.encode(writer, item)
        previous = index
      }
    },
    plain: (items, limits) => plainList(items, limits, item => codec.plain(item, limits)),
  }
}

/** Absolute indexes, ascending, at most 65535 each; differences on the wire. */
export const differentialIndexes: Codec<List<number>> = indexedList({
  minSize: 1,
  limit: MAX_COMPACT_INDEX + 1,
  indexOf: index => index,
  decode: (_, index) => index,
  encode: () => {},
  plain: index => index,
})

const prefilled: Codec<List<PrefilledTransaction>> = indexedList({
  minSize: 1 + transaction.minSize,
  limit: MAX_COMPACT_INDEX + 1,
  indexOf: item => item.index,
  decode: (reader, index) => ({ index, transaction: transaction.decode(reader) }),
  encode: (writer, item) => transaction.encode(writer, item.transaction),
  plain: (item, limits) => ({ index: item.index, transaction: transaction.plain(item.transaction, limits) }),
})

const fields = struct<CompactBlock>({
  header: blockHeader,
  nonce: u64,
  shortIds: view(shortIdCodec, MAX_COMPACT_TRANSACTIONS),
  prefilled,
})

const countFault = ({ shortIds, prefilled: sent }: CompactBlock): string | undefined =>
  shortIds.length + sent.length > MAX_COMPACT_TRANSACTIONS
    ? `${shortIds.length} short ids and ${sent.length} transactions, at most ${MAX_COMPACT_TRANSACTIONS} together`
    : undefined

/** `header · u64 nonce · bytes(6)[] shortIds · (CompactSize difference · tx)[] prefilled`. */
export const compactBlock: Codec<CompactBlock> = {
  ...fields,
  decode: reader => {
    const value = fields.decode(reader)
    const fault = countFault(value)
    if (fault !== undefined) throw reader.fault('too-many', fault)
    return value
  },
  encode: (writer, value) => {
    const fault = countFault(value)
    if (fault !== undefined) throw writer.fault('too-many', fault)
    fields.encode(writer, value)
  },
}
