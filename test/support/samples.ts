import { Block } from '../../src/wire/block.js'
import { sha256d, zeroHash } from '../../src/wire/hash.js'
import { BlockHeader } from '../../src/wire/header.js'
import { merkleRoot } from '../../src/wire/merkle.js'
import { Transaction, type TransactionInput } from '../../src/wire/transaction.js'

/** What a sample transaction has besides the defaults. */
export interface SampleTransaction {
  readonly inputs?: readonly Partial<TransactionInput>[]
  /** Output scripts, 1000 satoshi each. */
  readonly scripts?: readonly Uint8Array[]
  readonly lockTime?: number
}

/** A transaction with one input that spends output 7 of the txid aa…aa, unless told otherwise. */
export function sampleTransaction({
  inputs = [{}],
  scripts = [],
  lockTime = 0,
}: SampleTransaction = {}): Transaction {
  return Transaction.from({
    version: 2,
    inputs: inputs.map(input => ({
      outpoint: { txid: new Uint8Array(32).fill(0xaa), index: 7 },
      scriptSig: new Uint8Array(0),
      sequence: 0xffff_ffff,
      witness: [],
      ...input,
    })),
    outputs: scripts.map(scriptPubKey => ({ value: 1_000n, scriptPubKey })),
    lockTime,
  })
}

/** A coinbase; with `reserved`, in witness form. */
export function sampleCoinbase(
  scripts: readonly Uint8Array[] = [],
  reserved?: readonly Uint8Array[],
): Transaction {
  return sampleTransaction({
    inputs: [
      {
        outpoint: { txid: new Uint8Array(32), index: 0xffff_ffff },
        scriptSig: Uint8Array.of(1, 1),
        witness: reserved ?? [],
      },
    ],
    scripts,
  })
}

/** A block of these transactions whose header has their merkle root. */
export function sampleBlock(transactions: readonly Transaction[]): Block {
  const header = BlockHeader.from({
    version: 4,
    previousBlock: new Uint8Array(32).fill(0x11),
    merkleRoot: merkleRoot(transactions.map(tx => tx.txid)).root,
    time: 1_700_000_000,
    bits: 0x207f_ffff,
    nonce: 9,
  })
  return Block.from(header, transactions)
}

/** A block whose coinbase commits to the witnesses of these other transactions (BIP141). */
export function committedBlock(others: readonly Transaction[]): Block {
  const reserved = new Uint8Array(32)
  const { root } = merkleRoot([zeroHash, ...others.map(tx => tx.wtxid)])
  const commitment = sha256d(Uint8Array.of(...root, ...reserved))
  const script = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed, ...commitment)
  return sampleBlock([sampleCoinbase([script], [reserved]), ...others])
}
