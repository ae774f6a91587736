import { type Outpoint, sha256, Transaction, type TransactionOutput } from 'rxpeer/wire'
import type { Litecoind } from './litecoind.js'
import { coinbaseOf, opTrue } from './peers.js'

/** Satoshi of one coin. */
export const COIN = 100_000_000n

/** An output and what it takes to spend it. */
export interface Coin {
  readonly outpoint: Outpoint
  readonly value: bigint
  readonly scriptSig?: Uint8Array
  readonly witness: readonly Uint8Array[]
}

/** A witness script that is always true, another one for each number up to 65535: it pushes the number and drops it. */
export function alwaysTrue(n: number): Uint8Array {
  return Uint8Array.of(0x02, n & 0xff, n >> 8, 0x75, 0x51)
}

/** The output script that pays to a witness script. */
export function payToWitnessScript(script: Uint8Array): Uint8Array {
  return Uint8Array.of(0x00, 0x20, ...sha256(script))
}

/** An output script that pays to the hash of some key: DUP HASH160 push EQUALVERIFY CHECKSIG. */
export function payToKeyHash(hash: Uint8Array): Uint8Array {
  return Uint8Array.of(0x76, 0xa9, 0x14, ...hash, 0x88, 0xac)
}

/** The output of a transaction at `index`, spent by `witness` or `scriptSig`. */
export function coinOf(tx: Transaction, index: number, spending: Pick<Coin, 'scriptSig' | 'witness'>): Coin {
  const output = tx.outputs[index]
  if (!output) throw new Error(`no output ${index}`)
  return { outpoint: { txid: tx.txid, index }, value: output.value, ...spending }
}

/** The coinbase's coin of the block at `height`, which was mined to `anyoneCanSpend`. */
export async function coinbaseCoin(node: Litecoind, height: number): Promise<Coin> {
  return coinOf(await coinbaseOf(node, height), 0, { witness: [opTrue] })
}

/** A transaction from coins to outputs; what they leave is the fee. */
export function transfer(coins: readonly Coin[], outputs: readonly TransactionOutput[]): Transaction {
  const paid = outputs.reduce((sum, { value }) => sum + value, 0n)
  const had = coins.reduce((sum, { value }) => sum + value, 0n)
  if (paid > had) throw new Error(`${paid} satoshi of ${had}`)
  return Transaction.from({
    version: 2,
    inputs: coins.map(({ outpoint, scriptSig = new Uint8Array(0), witness }) => ({
      outpoint,
      scriptSig,
      sequence: 0xffff_fffe,
      witness,
    })),
    outputs,
    lockTime: 0,
  })
}
