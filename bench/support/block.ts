import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  Block,
  BlockHeader,
  merkleRoot,
  sha256d,
  Transaction,
  type TransactionInput,
  zeroHash,
} from 'rxpeer/wire'
import { seeded } from '../../test/support/mutate.js'

const folder =
  process.env['RXPEER_VECTORS'] ?? fileURLToPath(new URL('../../../shared/vectors', import.meta.url))
const path = `${folder}/blocks/mainnet_574200.raw`

/** A full segwit block: of mainnet where the vectors are, else one of similar make. */
export function sampleBlock(): { readonly bytes: Uint8Array; readonly source: string } {
  return existsSync(path)
    ? { bytes: new Uint8Array(readFileSync(path)), source: 'mainnet block 574200' }
    : { bytes: makeBlock().bytes, source: 'a made-up block (the vectors are absent)' }
}

/** 3,315 transactions, two of five with a witness, mostly of one input and two outputs; about 1.2 MB. */
function makeBlock(): Block {
  const pick = seeded(574_200)
  const bytes = (length: number) => Uint8Array.from({ length }, () => pick(256))
  const nothing = new Uint8Array(0)
  const input = (witness: boolean): TransactionInput => ({
    outpoint: { txid: bytes(32), index: pick(4) },
    scriptSig: witness ? (pick(2) === 0 ? nothing : bytes(23)) : bytes(pick(2) === 0 ? 107 : 139),
    sequence: 0xffff_fffe,
    witness: witness
      ? pick(3) === 0
        ? [nothing, bytes(72), bytes(71), bytes(105)]
        : [bytes(72), bytes(33)]
      : [],
  })
  const transaction = (_: unknown, index: number): Transaction => {
    const witness = index % 5 < 2
    const inputs = pick(4) === 0 ? 1 + pick(8) : 1
    const outputs = pick(8) === 0 ? 1 + pick(12) : 2
    return Transaction.from({
      version: 2,
      inputs: Array.from({ length: inputs }, () => input(witness)),
      outputs: Array.from({ length: outputs }, () => ({
        value: BigInt(pick(1_000_000_000)),
        scriptPubKey: bytes(witness ? 23 : 25),
      })),
      lockTime: pick(600_000),
    })
  }
  const others = Array.from({ length: 3_314 }, transaction)
  // It keeps what a block promises, so that it can be checked: the coinbase commits to the witnesses, the header to all.
  const witnessRoot = merkleRoot([zeroHash, ...others.map(({ wtxid }) => wtxid)]).root
  const commitment = sha256d(Uint8Array.of(...witnessRoot, ...zeroHash))
  const coinbase = Transaction.from({
    version: 2,
    inputs: [
      {
        outpoint: { txid: zeroHash, index: 0xffff_ffff },
        scriptSig: Uint8Array.of(3, 0xf8, 0xc2, 0x08, ...bytes(8)),
        sequence: 0xffff_ffff,
        witness: [zeroHash],
      },
    ],
    outputs: [
      { value: 1_250_000_000n, scriptPubKey: bytes(25) },
      { value: 0n, scriptPubKey: Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed, ...commitment) },
    ],
    lockTime: 0,
  })
  const transactions = [coinbase, ...others]
  const header = BlockHeader.from({
    version: 0x2000_0000,
    previousBlock: bytes(32),
    merkleRoot: merkleRoot(transactions.map(({ txid }) => txid)).root,
    time: 1_556_900_000,
    bits: 0x172c_0da7,
    nonce: pick(2 ** 32),
  })
  return Block.from(header, transactions)
}
