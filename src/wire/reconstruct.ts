import { Block } from './block.js'
import { type CompactBlock, MAX_COMPACT_INDEX, type PrefilledTransaction } from './compact.js'
import { Writer } from './cursor.js'
import { type Hash, sha256 } from './hash.js'
import type { BlockHeader } from './header.js'
import { equalBytes } from './hex.js'
import type { List } from './list.js'
import { merkleRoot, witnessState } from './merkle.js'
import { manySiphashes, type SipHasher, type SipKey, siphash24Words, sipKey } from './siphash.js'
import { firstAtLeast } from './sorted.js'
import { Transaction } from './transaction.js'

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

function shortIdBy(hasher: SipHasher, key: SipKey, id: Hash): number {
  hasher(key, id, words)
  return (words[1]! & 0xffff) * 0x1_0000_0000 + words[0]!
}

/** The short id of a transaction: the low 48 bits of the SipHash of its wtxid (of its txid in version 1). */
export function shortId(key: SipKey, id: Hash): number {
  return shortIdBy(siphash24Words, key, id)
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
  const hasher = manySiphashes()
  const shortIds: number[] = []
  const prefilled: PrefilledTransaction[] = []
  let index = 0
  for (const transaction of block.transactions) {
    if (inFull.has(index)) prefilled.push({ index, transaction })
    else shortIds.push(shortIdBy(hasher, key, idOf(transaction, version)))
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

/** Short ids may collide, so nobody is to blame: ask for the whole block. */
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

/**
 * The block: a coinbase first, its transactions those of the header's merkle root, and its witnesses those that the
 * coinbase commits to (BIP141). In version 1, which knows nothing of witnesses, it has none. No other rule was checked.
 */
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

/**
 * Finds the place of a short id, `undefined` where two are equal. They are sorted, not hashed: a remote chooses them, and
 * V8 hashes numbers without a seed, so that 65,000 made to collide took 11 s in a `Map`.
 */
function placeShortIds(
  shortIds: List<number>,
  slots: Slots,
): ((id: number) => number | undefined) | undefined {
  const ids = Float64Array.from(shortIds).sort()
  if (ids.some((id, rank) => id === ids[rank + 1])) return undefined
  const places = new Uint32Array(ids.length)
  let place = 0
  for (const id of shortIds) {
    while (slots[place] !== undefined) place += 1
    places[firstAtLeast(ids, id)] = place
    place += 1
  }
  return id => {
    const rank = firstAtLeast(ids, id)
    return ids[rank] === id ? places[rank] : undefined
  }
}

/** What the transactions of a block have to agree with, besides its header. */
interface Rules {
  readonly version: CompactVersion
  readonly segwit: boolean
}

const stripped = (tx: Transaction): Transaction => (tx.hasWitness ? Transaction.decode(tx.stripped) : tx)

/** As Core holds: with segwit the coinbase commits to what witnesses there are, without it there are none. */
function keepsWitnesses(block: Block, { version, segwit }: Rules): boolean {
  const state = witnessState(block)
  return state === 'none' || state === (version === 2 && segwit ? 'committed' : 'stripped')
}

/** A full set of transactions as a block, where merkle root and witness commitment agree. */
function assemble(
  header: BlockHeader,
  slots: Slots,
  rules: Rules,
): FailedReconstruction | CompleteReconstruction {
  const transactions = slots.filter(tx => tx !== undefined)
  const { root, mutated } = merkleRoot(transactions.map(tx => tx.txid))
  if (mutated) return failed('the transactions at the end are repeated (CVE-2012-2459)')
  if (!equalBytes(root, header.merkleRoot)) return failed('the merkle root does not agree')
  // A tree of hashes can be read as one that is a row lower, its first row as transactions; a coinbase is none.
  if (!transactions[0]?.isCoinbase) return failed('the first transaction is no coinbase')
  const block = Block.from(header, rules.version === 1 ? transactions.map(stripped) : transactions)
  if (!keepsWitnesses(block, rules)) return failed('the witnesses are not those that the coinbase commits to')
  return { state: 'complete', block }
}

function missing(
  header: BlockHeader,
  slots: Slots,
  indexes: readonly number[],
  rules: Rules,
): MissingReconstruction {
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
      return assemble(header, filled, rules)
    },
  }
  return self
}

/**
 * Rebuilds a block from its compact form and the transactions at hand (BIP152), as Core does:
 *
 * - `invalid`: the compact block breaks the rules
 * - `failed`: two short ids are equal, or merkle root or witness commitment do not agree: fetch the whole block
 * - `missing`: ask for `indexes` by getblocktxn and go on with `fill(blocktxn)`
 * - `complete`: the block
 *
 * Two transactions at hand with the same short id count as none. Looks at transactions until each short id has one.
 *
 * @param compact - the cmpctblock message
 * @param mempool - transactions at hand, the likely ones first
 * @param options - `version` of the short ids, 2 by default; `extra`: more transactions, such as those refused or
 * replaced lately, looked at after the mempool; `segwit`: whether BIP141 holds at the block's height, by default true:
 * before it a commitment says nothing, and no witness may be there
 * @example
 * const result = reconstruct(cmpctblock, mempool.values())
 * if (result.state === 'missing') peer.send({ command: 'getblocktxn', blockHash, indexes: result.indexes })
 */
export function reconstruct(
  compact: CompactBlock,
  mempool: Iterable<Transaction>,
  options: {
    version?: CompactVersion | undefined
    extra?: Iterable<Transaction> | undefined
    segwit?: boolean | undefined
  } = {},
): Reconstruction {
  const { version = 2, extra = [], segwit = true } = options
  const slots = placePrefilled(compact)
  if (typeof slots === 'string') return invalid(slots)
  const placeOf = placeShortIds(compact.shortIds, slots)
  if (placeOf === undefined) return failed('two short ids are equal')

  const key = shortIdKey(compact.header, compact.nonce)
  const hasher = manySiphashes()
  const first: Slots = Array<undefined>(slots.length).fill(undefined)
  let wanted = compact.shortIds.length
  for (const transactions of [mempool, extra]) {
    for (const transaction of transactions) {
      if (wanted === 0) break
      const place = placeOf(shortIdBy(hasher, key, idOf(transaction, version)))
      if (place === undefined) continue
      const other = first[place]
      if (other === undefined) {
        first[place] = transaction
        slots[place] = transaction
        wanted -= 1
      } else if (!equalBytes(other.wtxid, transaction.wtxid)) slots[place] = undefined
    }
  }

  const rules = { version, segwit }
  const indexes = slots.flatMap((transaction, index) => (transaction === undefined ? [index] : []))
  return indexes.length > 0
    ? missing(compact.header, slots, indexes, rules)
    : assemble(compact.header, slots, rules)
}
