import { Subject } from 'rxjs'
import type { Clock, Random } from '../stream/environment.js'
import { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import { equalBytes } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import { Transaction, type TransactionOutput } from '../wire/transaction.js'
import type { BlockFault, Chain } from './chain.js'
import { type Coin, isMature, outpointKey } from './coins.js'
import { Mempool, type MempoolEntry, type TransactionFault } from './mempool.js'
import { mineBlock } from './mining.js'
import { ownScript, ownWitness } from './own-script.js'

/** How blocks are mined. */
export interface MineOptions {
  /**
   * What the first block contains besides its coinbase, instead of the mempool. Taken as it is: this way blocks with
   * bad transactions are made.
   */
  readonly transactions?: List<Transaction> | undefined
}

/** What a transaction made by the node looks like. */
export interface SpendOptions {
  /** What is paid, besides the change. Default: nothing, so that all but the fee is change. */
  readonly outputs?: readonly TransactionOutput[] | undefined
  /** Satoshi. Default 1,000, about 10 a virtual byte. */
  readonly fee?: bigint | undefined
}

/** Seconds between the blocks that a node starts with. */
const BLOCK_SPACING = 600

/** What transactions of a block may weigh: a valid block's 4,000,000 without a reserve for header and coinbase. */
const MAX_TRANSACTIONS_WEIGHT = 3_996_000

const DEFAULT_FEE = 1_000n

/** What a ledger depends on. */
export interface LedgerParts {
  readonly chain: Chain
  readonly clock: Pick<Clock, 'epoch'>
  readonly random: Random
}

/** What an embedded node knows: its chain and its mempool, and what becomes of them. It knows no peers. */
export class Ledger {
  readonly chain: Chain
  readonly mempool: Mempool
  /** The blocks that were added at once, in order; after the mempool has lost what they contain. Hot. */
  readonly blocks$ = new Subject<readonly Block[]>()
  /** Each transaction that entered the mempool. Hot. */
  readonly transactions$ = new Subject<MempoolEntry>()
  readonly #clock: Pick<Clock, 'epoch'>
  readonly #random: Random
  /** Coins that a prepared transaction spends. */
  readonly #reserved = new Set<string>()

  constructor({ chain, clock, random }: LedgerParts) {
    this.chain = chain
    this.mempool = new Mempool(chain)
    this.#clock = clock
    this.#random = random
  }

  /** Mines the chain that a node starts with: a block every ten minutes, the last one now. */
  mineHistory(count: number): void {
    const now = this.#now()
    for (let left = checkedCount(count) - 1; left >= 0; left -= 1)
      this.#mineOne(now - left * BLOCK_SPACING, [])
  }

  /** See `EmbeddedNode.mine`. */
  mine(count: number, { transactions }: MineOptions): readonly Block[] {
    const blocks: Block[] = []
    for (let done = 0; done < checkedCount(count); done += 1) {
      blocks.push(
        this.#mineOne(this.#now(), done === 0 && transactions ? unchecked(transactions) : this.#pending()),
      )
    }
    if (blocks.length > 0) this.blocks$.next(blocks)
    return blocks
  }

  /** See `EmbeddedNode.submitBlock`. */
  submitBlock(given: Block): 'accepted' | BlockFault {
    const fault = this.chain.check(given)
    if (fault !== undefined) return fault
    const block = Block.decode(given.bytes.slice())
    this.#connect(block)
    this.blocks$.next([block])
    return 'accepted'
  }

  /** See `EmbeddedNode.submit`. */
  submit(given: Transaction): 'accepted' | TransactionFault {
    // What was received lies in the buffer of its message.
    const result = this.mempool.add(Transaction.decode(given.bytes.slice()))
    if (typeof result === 'string') return result
    this.transactions$.next(result)
    return 'accepted'
  }

  /** See `EmbeddedNode.prepare`. */
  prepare({ outputs = [], fee = DEFAULT_FEE }: SpendOptions): Transaction {
    const paid = outputs.reduce((sum, { value }) => sum + value, fee)
    const coin = this.#spendable(paid)
    if (coin === undefined) {
      throw new TypeError(`no mature coin has ${paid} satoshi: mine, a coinbase needs 100 blocks on it`)
    }
    const change = coin.value - paid
    const transaction = Transaction.from({
      version: 2,
      inputs: [
        { outpoint: coin.outpoint, scriptSig: new Uint8Array(0), sequence: 0xffff_fffd, witness: ownWitness },
      ],
      outputs: change > 0n ? [...outputs, { value: change, scriptPubKey: ownScript }] : outputs,
      lockTime: 0,
    })
    this.#reserved.add(outpointKey(coin.outpoint))
    return transaction
  }

  /** A transaction by either id: one of the mempool, or of the last block, which remotes ask for when it came in between. */
  transaction(id: 'txid' | 'wtxid', hash: Hash): Transaction | undefined {
    const waiting = id === 'txid' ? this.mempool.byTxid(hash) : this.mempool.byWtxid(hash)
    if (waiting) return waiting
    const last = Array.from(this.chain.blocks.at(-1)?.transactions ?? [])
    return last.find(tx => !tx.isCoinbase && equalBytes(tx[id], hash))
  }

  #now(): number {
    return Math.floor(this.#clock.epoch() / 1000)
  }

  #mineOne(time: number, pending: readonly Pending[]): Block {
    const { chain } = this
    const block = mineBlock(
      {
        height: chain.height + 1,
        previousBlock: chain.tip.hash,
        time: Math.max(time, chain.tip.time + 1),
        bits: chain.bits,
        transactions: pending.map(({ transaction }) => transaction),
        fees: pending.reduce((sum, { fee }) => sum + fee, 0n),
        random: this.#random,
      },
      chain.rules,
    )
    this.#connect(block)
    return block
  }

  #connect(block: Block): void {
    this.chain.connect(block)
    this.mempool.confirm(block)
  }

  /** As much of the mempool as fits a block; what comes behind the first that does not may be its child. */
  #pending(): readonly Pending[] {
    let weight = 0
    const { entries } = this.mempool
    const end = entries.findIndex(({ transaction }) => {
      weight += transaction.weight
      return weight > MAX_TRANSACTIONS_WEIGHT
    })
    return end < 0 ? entries : entries.slice(0, end)
  }

  #spendable(value: bigint): Coin | undefined {
    for (const coin of this.chain.coins) {
      const free = !this.#reserved.has(outpointKey(coin.outpoint)) && !this.mempool.spends(coin.outpoint)
      const own = equalBytes(coin.scriptPubKey, ownScript)
      if (own && free && coin.value >= value && isMature(coin, this.chain.height + 1)) return coin
    }
    return undefined
  }
}

/** A transaction for a block and what it pays to the miner. */
type Pending = Pick<MempoolEntry, 'transaction' | 'fee'>

/** Transactions that nobody has looked at: what they pay is left on the table. */
function unchecked(transactions: List<Transaction>): readonly Pending[] {
  return Array.from(transactions, transaction => ({ transaction, fee: 0n }))
}

function checkedCount(count: number): number {
  if (!Number.isInteger(count) || count < 0) throw new TypeError(`a number of blocks is wanted, not ${count}`)
  return count
}
