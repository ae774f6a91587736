import { Block } from './block.js'
import { type CompactBlock, MAX_COMPACT_INDEX, type PrefilledTransaction } from './compact.js'
import { Writer } from './cursor.js'
import { type Hash, sha256 } from './hash.js'
import type { BlockHeader } from './header.js'
import { equalBytes } from './hex.js'
import type { List } from './list.js'
import { merkleRoot } from './merkle.js'
import { type SipKey, siphash24Words, sipKey } from './siphash.js'
import type { Transaction } from './transaction.js'

/** What short ids are made of: 1 the txid, 2 the wtxid. Today's nodes know only 2. */
export type CompactVersion = 1 | 2

/** The key of a compact block's short ids: the first 16 bytes of SHA256(header, nonce). */
export function shortIdKey(header: BlockHeader, nonce: bigint): SipKey {
  const writer = new Writer()
  writer.raw(header.bytes)
  writer.u64(nonce)
  return sipKey(sha256(writer.finish()).subarray(0, 16))
}

const words = new Uint32Array(2)

/** The short id of a transaction: the low 48 bits of the SipHash of its wtxid (of its txid in version 1). */
export function shortId(key: SipKey, id: Hash): number {
  siphash24Words(key, id, words)
  const [low = 0, high = 0] = words
  return (high & 0xffff) * 0x1_0000_0000 + low
}

const idOf = (tx: Transaction, version: CompactVersion): Hash => (version === 1 ? tx.txid : tx.wtxid)

/**
 * The compact form of a block.
 * @param nonce - random, so that nobody can prepare transactions whose short ids collide
 * @param options - `version` 2 by default; `prefill`: indexes to send in full, by default the coinbase
 */
export function toCompactBlock(
  block: Block,
  nonce: bigint,
  options: { version?: CompactVersion; prefill?: Iterable<number> } = {},
): CompactBlock {
  const { version = 2, prefill = [0] } = options
  const inFull = new Set(prefill)
  const key = shortIdKey(block.header, nonce)
  const shortIds: number[] = []
  const prefilled: PrefilledTransaction[] = []
  let index = 0
  for (const transaction of block.transactions) {
    if (inFull.has(index)) prefilled.push({ index, transaction })
    else shortIds.push(shortId(key, idOf(transaction, version)))
    index += 1
  }
  return { header: block.header, nonce, shortIds, prefilled }
}

/** The remote broke the rules: the block must not be used, and the remote is to blame. */
export interface InvalidReconstruction {
  /** Tells the states apart. */
  readonly state: 'invalid'
  /** Which rule was broken, for people. */
  readonly reason: string
}

/** Short ids collide, so nobody is to blame: ask for the whole block. */
export interface FailedReconstruction {
  /** Tells the states apart. */
  readonly state: 'failed'
  /** What went wrong, for people. */
  readonly reason: string
}

/** Some transactions are not at hand: ask for them by getblocktxn. */
export interface MissingReconstruction {
  /** Tells the states apart. */
  readonly state: 'missing'
  /** Their places in the block, ascending. */
  readonly indexes: readonly number[]
  /**
   * Goes on with the answer. Too few or too many transactions are `invalid`; an answer about another block changes
   * nothing and gives this same state back.
   */
  fill(answer: { readonly blockHash: Hash; readonly transactions: List<Transaction> }): Reconstruction
}

/** The block, its transactions in agreement with the header's merkle root; no other rule was checked. */
export interface CompleteReconstruction {
  /** Tells the states apart. */
  readonly state: 'complete'
  /** The whole block, in new bytes. */
  readonly block: Block
}

/** Where the rebuilding of a block stands, told apart by `state`. */
export type Reconstruction =
  | InvalidReconstruction
  | FailedReconstruction
  | MissingReconstruction
  | CompleteReconstruction

const invalid = (reason: string): InvalidReconstruction => ({ state: 'invalid', reason })
const failed = (reason: string): FailedReconstruction => ({ state: 'failed', reason })

/** The transactions of a block, as far as they are known. */
type Slots = (Transaction | undefined)[]

/** Puts the prefilled transactions in their places, or says what is wrong with them. */
function placePrefilled({ header, shortIds, prefilled }: CompactBlock): Slots | string {
  const total = shortIds.length + prefilled.length
  if (header.bits === 0) return 'the header is empty'
  if (total === 0) return 'there are no transactions'
  // Core refuses such counts when it decodes; a place above it could not be asked for.
  if (total > MAX_COMPACT_INDEX + 1) return `${total} transactions are more than 16 bits can count`
  const slots: Slots = Array<undefined>(total).fill(undefined)
  let previous = -1
  let before = 0
  for (const { index, transaction } of prefilled) {
    if (transaction.inputs.length === 0 && transaction.outputs.length === 0) {
      return `the transaction sent for place ${index} is empty`
    }
    if (index <= previous || index > shortIds.length + before) {
      return `place ${index} is out of order, or there are not enough short ids before it`
    }
    slots[index] = transaction
    previous = index
    before += 1
  }
  return slots
}

/** The place of each short id, or `undefined` where two are equal. */
function placeShortIds(shortIds: List<number>, slots: Slots): Map<number, number> | undefined {
  const places = new Map<number, number>()
  let place = 0
  for (const id of shortIds) {
    while (slots[place] !== undefined) place += 1
    places.set(id, place)
    place += 1
  }
  return places.size === shortIds.length ? places : undefined
}

/** A full set of transactions as a block, where the merkle root agrees. */
function assemble(header: BlockHeader, slots: Slots): FailedReconstruction | CompleteReconstruction {
  const transactions = slots.filter(tx => tx !== undefined)
  const { root, mutated } = merkleRoot(transactions.map(tx => tx.txid))
  if (mutated) return failed('the transactions at the end are repeated (CVE-2012-2459)')
  if (!equalBytes(root, header.merkleRoot)) return failed('the merkle root does not agree')
  return { state: 'complete', block: Block.from(header, transactions) }
}

function missing(header: BlockHeader, slots: Slots, indexes: readonly number[]): MissingReconstruction {
  const self: MissingReconstruction = {
    state: 'missing',
    indexes,
    fill: ({ blockHash, transactions }) => {
      if (!equalBytes(blockHash, header.hash)) return self
      if (transactions.length !== indexes.length) {
        return invalid(`${transactions.length} transactions came, ${indexes.length} were asked for`)
      }
      const filled = slots.slice()
      let next = 0
      for (const transaction of transactions) {
        filled[indexes[next] ?? 0] = transaction
        next += 1
      }
      return assemble(header, filled)
    },
  }
  return self
}

/**
 * Rebuilds a block from its compact form and the transactions at hand (BIP152), as Core does:
 *
 * - `invalid`: the compact block breaks the rules
 * - `failed`: two short ids are equal, or the merkle root does not agree: fetch the whole block
 * - `missing`: ask for `indexes` by getblocktxn and go on with `fill(blocktxn)`
 * - `complete`: the block
 *
 * Two transactions at hand with the same short id count as none. Looks at transactions until each short id has one.
 *
 * @param compact - the cmpctblock message
 * @param mempool - transactions at hand, the likely ones first
 * @param options - `version` of the short ids, 2 by default; `extra`: more transactions, such as those refused or
 * replaced lately, looked at after the mempool
 * @example
 * const result = reconstruct(cmpctblock, mempool.values())
 * if (result.state === 'missing') peer.send({ command: 'getblocktxn', blockHash, indexes: result.indexes })
 */
export function reconstruct(
  compact: CompactBlock,
  mempool: Iterable<Transaction>,
  options: { version?: CompactVersion; extra?: Iterable<Transaction> } = {},
): Reconstruction {
  const { version = 2, extra = [] } = options
  const slots = placePrefilled(compact)
  if (typeof slots === 'string') return invalid(slots)
  const places = placeShortIds(compact.shortIds, slots)
  if (places === undefined) return failed('two short ids are equal')

  const key = shortIdKey(compact.header, compact.nonce)
  const found = new Map<number, Transaction>()
  for (const transactions of [mempool, extra]) {
    for (const transaction of transactions) {
      if (found.size === places.size) break
      const place = places.get(shortId(key, idOf(transaction, version)))
      if (place === undefined) continue
      const first = found.get(place)
      if (first === undefined) {
        found.set(place, transaction)
        slots[place] = transaction
      } else if (!equalBytes(first.wtxid, transaction.wtxid)) slots[place] = undefined
    }
  }

  const indexes = slots.flatMap((transaction, index) => (transaction === undefined ? [index] : []))
  return indexes.length > 0 ? missing(compact.header, slots, indexes) : assemble(compact.header, slots)
}
