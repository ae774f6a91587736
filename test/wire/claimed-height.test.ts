import { describe, expect, it } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { claimedHeight } from '../../src/wire/claimed-height.js'
import { zeroHash } from '../../src/wire/hash.js'
import { BlockHeader } from '../../src/wire/header.js'
import { hexToBytes } from '../../src/wire/hex.js'
import { Transaction } from '../../src/wire/transaction.js'

/** A block whose coinbase begins with this script. */
function blockOf(script: string, version = 2): Block {
  const header = { version, previousBlock: zeroHash, merkleRoot: zeroHash, time: 0, bits: 0, nonce: 0 }
  const coinbase = Transaction.from({
    version: 1,
    inputs: [
      {
        outpoint: { txid: zeroHash, index: 0xffff_ffff },
        scriptSig: hexToBytes(script),
        sequence: 0,
        witness: [],
      },
    ],
    outputs: [{ value: 0n, scriptPubKey: new Uint8Array(0) }],
    lockTime: 0,
  })
  return Block.from(BlockHeader.from(header), [coinbase])
}

describe('claimedHeight', () => {
  it.each([
    ['51', 1],
    ['60ff', 16],
    ['0111', 17],
    ['017f00', 127],
    // The highest bit is the sign, so that 128 takes a second byte.
    ['028000', 128],
    ['0340590751ff', 481_600],
    ['04ffffff7f', 0x7fff_ffff],
  ])('reads %s as %i', (script, height) => {
    expect(claimedHeight(blockOf(script))).toBe(height)
  })

  it.each([
    ['', 'nothing is pushed'],
    ['00', 'no byte is pushed'],
    ['0180', 'the number is negative'],
    ['0340', 'the push is cut'],
    ['050100000000', 'the push is too long'],
    ['6a', 'there is another opcode'],
  ])('knows none in %s, where %s', script => {
    expect(claimedHeight(blockOf(script))).toBeUndefined()
  })

  it('knows none before BIP34, and none of a block without transactions', () => {
    expect(claimedHeight(blockOf('0111', 1))).toBeUndefined()
    expect(claimedHeight(Block.from(blockOf('51').header, []))).toBeUndefined()
  })
})
