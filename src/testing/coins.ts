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

/** The unspent outputs of a chain, oldest first. */
export class Coins implements Iterable<Coin> {
  readonly #coins = new Map<string, Coin>()

  get(outpoint: Outpoint): Coin | undefined {
    return this.#coins.get(outpointKey(outpoint))
  }

  /** Spends and adds what the transactions of a block at this height do. */
  connect(block: Block, height: number): void {
    for (const tx of block.transactions) this.#apply(tx, height)
  }

  [Symbol.iterator](): Iterator<Coin> {
    return this.#coins.values()
  }

  #apply(tx: Transaction, height: number): void {
    for (const { outpoint } of tx.inputs) this.#coins.delete(outpointKey(outpoint))
    const { txid, isCoinbase } = tx
    for (const [index, { value, scriptPubKey }] of tx.outputs.entries()) {
      const outpoint = { txid, index }
      this.#coins.set(outpointKey(outpoint), { outpoint, value, scriptPubKey, height, isCoinbase })
    }
  }
}
