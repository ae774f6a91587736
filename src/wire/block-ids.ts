import { MESSAGES, ROOM, type Sha256Lanes } from './crypto/sha256-lanes.js'
import { HASH_SIZE, theLanes } from './hash.js'
import { Transaction } from './transaction.js'

/** A block's transactions by their offsets. */
export interface Layout {
  /** The block. */
  readonly bytes: Uint8Array
  readonly count: number
  /** Pairs of start and witness (0 where there is none), and the end of the last. */
  readonly offsets: Uint32Array
}

/**
 * Makes the stripped form of the transaction from `start` to `end` in its place: the version moves up to what it and the
 * lock time enclose, over marker and flag, and the lock time down, over the witness. It starts at `start + 2`.
 */
function strip(memory: Uint8Array, start: number, end: number, witness: number): void {
  for (let i = 3; i >= 0; i -= 1) memory[start + 2 + i] = memory[start + i]!
  for (let i = 0; i < 4; i += 1) memory[witness + i] = memory[end - 4 + i]!
}

/** The index behind the last transaction from `index` on that fits the memory of the lanes with those before it. */
function together({ offsets, count }: Layout, index: number): number {
  const limit = offsets[2 * index]! + ROOM
  let until = index
  while (until < count && offsets[2 * until + 2]! <= limit) until += 1
  return until
}

/** Which ids: all txids; all wtxids; or only those wtxids that are no txids, the others being there already. */
type Wanted = 'txids' | 'wtxids' | 'others'

/**
 * In the lanes a part of the block is copied at once and each transaction hashed where it lies: no object and no view
 * for any of them.
 */
function hashPart(
  lanes: Sha256Lanes,
  layout: Layout,
  wanted: Wanted,
  from: number,
  until: number,
  ids: Int32Array,
): void {
  const { bytes, offsets } = layout
  const { memory } = lanes
  const first = offsets[2 * from]!
  const moved = MESSAGES - first
  lanes.clear()
  memory.set(bytes.subarray(first, offsets[2 * until]!), MESSAGES)
  for (let index = from; index < until; index += 1) {
    const witness = offsets[2 * index + 1]!
    const start = offsets[2 * index]! + moved
    const end = offsets[2 * index + 2]! + moved
    if (lanes.full) lanes.flush(ids, 8)
    if (witness !== 0 && wanted === 'txids') {
      strip(memory, start, end, witness + moved)
      lanes.add(start + 2, witness + moved + 4 - (start + 2), index)
    } else if (witness !== 0 || wanted !== 'others') lanes.add(start, end - start, index)
  }
  lanes.flush(ids, 8)
}

function hashInto(layout: Layout, wanted: Wanted, ids: Uint8Array): Uint8Array {
  const { bytes, offsets, count } = layout
  const lanes = theLanes(count)
  const words = new Int32Array(ids.buffer)
  for (let index = 0; index < count; ) {
    const until = lanes === undefined ? index : together(layout, index)
    if (lanes !== undefined && until > index) {
      hashPart(lanes, layout, wanted, index, until, words)
      index = until
      continue
    }
    const tx = Transaction.at(bytes, offsets[2 * index]!, offsets[2 * index + 2]!, offsets[2 * index + 1]!)
    if (tx.hasWitness || wanted !== 'others') {
      ids.set(wanted === 'txids' ? tx.txid : tx.wtxid, HASH_SIZE * index)
    }
    index += 1
  }
  return ids
}

/**
 * The txids that were found last. Who checks the transactions of a block checks its witnesses next, and where there is no
 * witness the wtxid is the txid.
 */
let last: { readonly of: WeakRef<Layout>; readonly txids: Uint8Array } | undefined

/** The txids one behind the other. Do not write to them. */
export function txidsOf(layout: Layout): Uint8Array {
  const txids = hashInto(layout, 'txids', new Uint8Array(HASH_SIZE * layout.count))
  last = { of: new WeakRef(layout), txids }
  return txids
}

/** The wtxids one behind the other. */
export function wtxidsOf(layout: Layout): Uint8Array {
  return last?.of.deref() === layout
    ? hashInto(layout, 'others', last.txids.slice())
    : hashInto(layout, 'wtxids', new Uint8Array(HASH_SIZE * layout.count))
}
