import { Block, BlockHeader, type Hash, merkleRoot, Transaction, zeroHash } from '../../src/wire/index.js'

/** Bytes of the one output script of a {@link bigBlock}. */
const FILL = 1_000_000

/** A block of a little more than a megabyte, without witnesses and without work; each number gives another one. */
export function bigBlock(number: number): Block {
  const coinbase = Transaction.from({
    version: 2,
    inputs: [
      {
        outpoint: { txid: zeroHash, index: 0xffff_ffff },
        scriptSig: Uint8Array.of(4, number, number >> 8, number >> 16, number >> 24),
        sequence: 0xffff_ffff,
        witness: [],
      },
    ],
    outputs: [{ value: 0n, scriptPubKey: new Uint8Array(FILL).fill(0x6a) }],
    lockTime: 0,
  })
  const header = BlockHeader.from({
    version: 4,
    previousBlock: zeroHash,
    merkleRoot: merkleRoot([coinbase.txid]).root,
    time: 1_700_000_000,
    bits: 0x207f_ffff,
    nonce: number,
  })
  return Block.from(header, [coinbase])
}

/** Blocks of their own for each side of a conversation. */
export const numbersOf = (side: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => side * 1_000 + i)

/** Their hashes, for who asks for them; the blocks themselves are not kept. */
export const hashesOf = (side: number, count: number): readonly Hash[] =>
  numbersOf(side, count).map(number => Uint8Array.from(bigBlock(number).hash))
