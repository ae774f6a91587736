import type { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import { bytesToHex } from '../wire/hex.js'
import type { Outpoint, Transaction, TransactionOutput } from '../wire/transaction.js'
import type { Chain } from './chain.js'
import { isMature, outpointKey } from './coins.js'

/** What can be wrong with a transaction, by stable code. */
export const transactionFaults = {
  known: 'the transaction is already in the mempool',
  coinbase: 'a coinbase stands only in a block',
  empty: 'the transaction has no inputs or no outputs',
  'bad-value': 'an output is below zero or above all money there is',
  'missing-inputs': 'an input spends what neither the chain nor the mempool has unspent',
  conflict: 'an input is already spent by the mempool, or by the transaction itself',
  immature: 'an input spends a coinbase that has fewer than 100 blocks on it',
  overspent: 'the outputs are worth more than the inputs',
} as const satisfies Record<string, string>

/** The code of a fault in a transaction. */
export type TransactionFault = keyof typeof transactionFaults

/** All money there will ever be, satoshi (Core `MAX_MONEY`). */
const MAX_MONEY = 2_100_000_000_000_000n

/** A transaction that waits for a block. */
export interface MempoolEntry {
  readonly transaction: Transaction
  /** Inputs minus outputs, satoshi. */
  readonly fee: bigint
  /** Satoshi per 1,000 virtual bytes, rounded down; the unit of feefilter. */
  readonly feeRate: bigint
}

/** The transactions that wait for a block, in the order they came: parents stand before their children. */
export class Mempool {
  readonly #chain: Chain
  readonly #byTxid = new Map<string, MempoolEntry>()
  readonly #byWtxid = new Map<string, MempoolEntry>()
  /** Outpoint -> txid of the transaction here that spends it. */
  readonly #spenders = new Map<string, string>()

  constructor(chain: Chain) {
    this.#chain = chain
  }

  /** In the order they came. */
  get entries(): readonly MempoolEntry[] {
    return [...this.#byTxid.values()]
  }

  byTxid(txid: Hash): Transaction | undefined {
    return this.#byTxid.get(bytesToHex(txid))?.transaction
  }

  byWtxid(wtxid: Hash): Transaction | undefined {
    return this.#byWtxid.get(bytesToHex(wtxid))?.transaction
  }

  /** Whether a transaction here spends the output. */
  spends(outpoint: Outpoint): boolean {
    return this.#spenders.has(outpointKey(outpoint))
  }

  /** Takes a transaction, or says why not. Scripts and signatures are not looked at. */
  add(transaction: Transaction): MempoolEntry | TransactionFault {
    const txid = bytesToHex(transaction.txid)
    if (this.#byTxid.has(txid)) return 'known'
    const fee = this.#feeOf(transaction)
    if (typeof fee === 'string') return fee
    const entry = { transaction, fee, feeRate: (fee * 1000n) / BigInt(transaction.vsize) }
    this.#byTxid.set(txid, entry)
    this.#byWtxid.set(bytesToHex(transaction.wtxid), entry)
    for (const { outpoint } of transaction.inputs) this.#spenders.set(outpointKey(outpoint), txid)
    return entry
  }

  /** Drops what a new block contains, and what cannot follow it any more. */
  confirm(block: Block): void {
    if (this.#byTxid.size === 0) return
    for (const tx of block.transactions) {
      const txid = bytesToHex(tx.txid)
      for (const { outpoint } of tx.inputs) {
        const spender = this.#spenders.get(outpointKey(outpoint))
        if (spender !== undefined && spender !== txid) this.#dropWithChildren(spender)
      }
      this.#drop(txid)
    }
  }

  /**
   * Starts again behind a reorganisation: what the replaced blocks contained waits again, before what has waited, as
   * far as the new chain allows.
   * @param returned - transactions of the replaced blocks, parents before their children
   */
  restart(returned: Iterable<Transaction>): void {
    const waiting = [...returned, ...this.entries.map(({ transaction }) => transaction)]
    this.#byTxid.clear()
    this.#byWtxid.clear()
    this.#spenders.clear()
    for (const transaction of waiting) this.add(transaction)
  }

  /** The fee of a transaction that may enter, or why it may not. */
  #feeOf(tx: Transaction): bigint | TransactionFault {
    if (tx.isCoinbase) return 'coinbase'
    if (tx.inputs.length === 0 || tx.outputs.length === 0) return 'empty'
    let fee = 0n
    const own = new Set<string>()
    for (const { outpoint } of tx.inputs) {
      const key = outpointKey(outpoint)
      if (own.has(key) || this.#spenders.has(key)) return 'conflict'
      own.add(key)
      const value = this.#valueOf(outpoint)
      if (typeof value === 'string') return value
      fee += value
    }
    for (const { value } of tx.outputs) {
      if (value < 0n || value > MAX_MONEY) return 'bad-value'
      fee -= value
    }
    return fee < 0n ? 'overspent' : fee
  }

  #valueOf(outpoint: Outpoint): bigint | TransactionFault {
    const coin = this.#chain.coins.get(outpoint)
    if (coin && !isMature(coin, this.#chain.height + 1)) return 'immature'
    const output: TransactionOutput | undefined = coin ?? this.byTxid(outpoint.txid)?.outputs[outpoint.index]
    return output?.value ?? 'missing-inputs'
  }

  #dropWithChildren(txid: string): void {
    const tx = this.#byTxid.get(txid)?.transaction
    if (tx === undefined) return
    for (let index = 0; index < tx.outputs.length; index += 1) {
      const child = this.#spenders.get(outpointKey({ txid: tx.txid, index }))
      if (child !== undefined) this.#dropWithChildren(child)
    }
    this.#drop(txid)
  }

  #drop(txid: string): void {
    const tx = this.#byTxid.get(txid)?.transaction
    if (tx === undefined) return
    this.#byTxid.delete(txid)
    this.#byWtxid.delete(bytesToHex(tx.wtxid))
    for (const { outpoint } of tx.inputs) this.#spenders.delete(outpointKey(outpoint))
  }
}
