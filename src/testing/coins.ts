import type { Block } from '../wire/block.js'
import { bytesToHex } from '../wire/hex.js'
import type { Outpoint, Transaction, TransactionOutput } from '../wire/transaction.js'

/** Blocks after which the output of a coinbase can be spent (Core `COINBASE_MATURITY`). */
export const COINBASE_MATURITY = 100

/** An output that nobody has spent yet. */
export interface Coin extends TransactionOutput {
  readonly outpoint: Outpoint
  /** Height of its block. */
  readonly height: number
  readonly isCoinbase: boolean
}

/** An outpoint as a key of maps. */
export function outpointKey({ txid, index }: Outpoint): string {
  return `${bytesToHex(txid)}:${index}`
}

/** Whether a coin may be spent by a block of this height. */
export function isMature(coin: Coin, height: number): boolean {
  return !coin.isCoinbase || height - coin.height >= COINBASE_MATURITY
}

/** The unspent outputs of a chain, oldest first; those that a disconnected block had spent come last. */
export class Coins implements Iterable<Coin> {
  readonly #coins = new Map<string, Coin>()

  get(outpoint: Outpoint): Coin | undefined {
    return this.#coins.get(outpointKey(outpoint))
  }

  /**
   * Spends and adds what the transactions of a block at this height do.
   * @returns what was spent, to undo it
   */
  connect(block: Block, height: number): readonly Coin[] {
    const spent: Coin[] = []
    for (const tx of block.transactions) {
      for (const { outpoint } of tx.inputs) {
        const key = outpointKey(outpoint)
        const coin = this.#coins.get(key)
        if (coin) spent.push(coin)
        this.#coins.delete(key)
      }
      this.#make(tx, height)
    }
    return spent
  }

  /** Undoes the block that was connected last. */
  disconnect(block: Block, spent: readonly Coin[]): void {
    for (const coin of spent) this.#coins.set(outpointKey(coin.outpoint), coin)
    // What the block both made and spent goes again with what it made.
    for (const { txid, outputs } of block.transactions) {
      for (let index = 0; index < outputs.length; index += 1) this.#coins.delete(outpointKey({ txid, index }))
    }
  }

  [Symbol.iterator](): Iterator<Coin> {
    return this.#coins.values()
  }

  #make(tx: Transaction, height: number): void {
    const { txid, isCoinbase } = tx
    for (const [index, { value, scriptPubKey }] of tx.outputs.entries()) {
      const outpoint = { txid, index }
      this.#coins.set(outpointKey(outpoint), { outpoint, value, scriptPubKey, height, isCoinbase })
    }
  }
}
