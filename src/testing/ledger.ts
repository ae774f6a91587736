import { Subject } from 'rxjs'
import type { Clock, Random } from '../stream/environment.js'
import { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import { equalBytes } from '../wire/hex.js'
import type { List } from '../wire/list.js'
import { Transaction, type TransactionOutput } from '../wire/transaction.js'
import type { BlockFault, Chain, ChainChange, KnownBlock } from './chain.js'
import { type Coin, isMature, outpointKey } from './coins.js'
import { Filters } from './filters.js'
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

/** What a reorganisation looks like. */
export interface ReorganiseOptions {
  /** How many blocks are replaced, from the tip down. Default 1. */
  readonly depth?: number | undefined
  /** How many blocks replace them: more. Default `depth` + 1. */
  readonly length?: number | undefined
  /**
   * What the first block of the new branch contains besides its coinbase, taken as it is. Default: nothing, so that
   * what the replaced blocks contained waits in the mempool again.
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

/** Satoshi. */
export const DEFAULT_FEE = 1_000n

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
  readonly filters = new Filters()
  /** What happened to the chain at once; after the mempool has followed. Hot. */
  readonly changes$ = new Subject<ChainChange>()
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
    for (let left = checkedCount(count) - 1; left >= 0; left -= 1) {
      this.#activate(this.#mineOn(this.chain.best, now - left * BLOCK_SPACING, []))
    }
  }

  /** See `EmbeddedNode.mine`. */
  mine(count: number, { transactions }: MineOptions): readonly Block[] {
    const connected: Block[] = []
    for (let done = 0; done < checkedCount(count); done += 1) {
      const pending = done === 0 && transactions ? unchecked(transactions) : this.#pending()
      const mined = this.#mineOn(this.chain.best, this.#now(), pending)
      this.#activate(mined)
      connected.push(mined.block)
    }
    if (connected.length > 0) this.changes$.next({ disconnected: [], connected })
    return connected
  }

  /** See `EmbeddedNode.reorganise`. */
  reorganise({ depth = 1, length = depth + 1, transactions = [] }: ReorganiseOptions): ChainChange {
    const { chain } = this
    const fork = chain.at(chain.height - checkedCount(depth))
    if (fork === undefined)
      throw new TypeError(`${depth} blocks cannot be replaced at height ${chain.height}`)
    if (checkedCount(length) <= depth) {
      throw new TypeError(
        `a branch of ${length} blocks has no more work than the ${depth} that it is to replace`,
      )
    }
    let last = this.#mineOn(fork, this.#now(), unchecked(transactions))
    for (let done = 1; done < length; done += 1) last = this.#mineOn(last, this.#now(), [])
    const change = this.#activate(last)
    if (typeof change === 'string') throw new TypeError(`the new branch was not taken: ${change}`)
    this.changes$.next(change)
    return change
  }

  /** See `EmbeddedNode.submitBlock`. */
  submitBlock(given: Block): 'accepted' | 'kept' | BlockFault {
    const fault = this.chain.check(given)
    if (fault !== undefined) return fault
    // What was received lies in the buffer of its message.
    const block = Block.decode(given.bytes.slice())
    const change = this.#activate(this.chain.add(block, { trusted: false }))
    if (typeof change === 'string') return change
    this.changes$.next(change)
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
    const coin = this.spendable(paid)
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

  /** See `EmbeddedNode.spend`. */
  spend(options: SpendOptions): Transaction {
    const transaction = this.prepare(options)
    this.submit(transaction)
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

  #mineOn(parent: KnownBlock, time: number, pending: readonly Pending[]): KnownBlock {
    const { chain } = this
    const { header } = parent.block
    const block = mineBlock(
      {
        height: parent.height + 1,
        previousBlock: header.hash,
        time: Math.max(time, header.time + 1),
        bits: chain.bits,
        transactions: pending.map(({ transaction }) => transaction),
        fees: pending.reduce((sum, { fee }) => sum + fee, 0n),
        random: this.#random,
      },
      chain.rules,
    )
    return chain.add(block, { trusted: true })
  }

  /** Makes a branch the chain where it has the most work, and lets the mempool follow. */
  #activate(tip: KnownBlock): ReturnType<Chain['activate']> {
    const change = this.chain.activate(tip)
    if (typeof change === 'string') return change
    const { disconnected, connected } = change
    if (disconnected.length > 0) {
      const lowestFirst = disconnected.toReversed()
      this.mempool.restart(
        lowestFirst.flatMap(({ transactions }) => Array.from(transactions).filter(tx => !tx.isCoinbase)),
      )
    } else for (const block of connected) this.mempool.confirm(block)
    return change
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

  /** A coin of the node that a transaction of the next block can spend, worth at least so many satoshi. */
  spendable(value: bigint): Coin | undefined {
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
