import { describe, expect, it } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { bytesToHex, toHex } from '../../src/wire/hex.js'
import { filterBlock, type MerkleBlockFields, verifyMerkleBlock } from '../../src/wire/merkle-block.js'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.js'
import { sampleBlock, sampleCoinbase, sampleTransaction } from '../support/samples.js'
import { describeVectors, vectorBytes } from '../support/vectors.js'
import { wireErrorOf } from '../support/wire.js'

const transactions = [sampleCoinbase(), ...[1, 2, 3, 4].map(lockTime => sampleTransaction({ lockTime }))]
const block = sampleBlock(transactions)

/** The fields of a merkleblock payload. */
function decoded(payload: Uint8Array): MerkleBlockFields {
  const message = decodeMessage('merkleblock', payload)
  if (message.command !== 'merkleblock') throw new TypeError('not a merkleblock')
  return message
}

describe('filterBlock', () => {
  it('proves the transactions that match, and gives them in order', () => {
    const { merkleBlock, transactions: matched } = filterBlock(
      block,
      tx => tx.lockTime === 1 || tx.lockTime === 4,
    )
    expect(matched.map(tx => tx.lockTime)).toEqual([1, 4])
    expect(verifyMerkleBlock(merkleBlock)).toEqual([
      { index: 1, txid: transactions[1]?.txid },
      { index: 4, txid: transactions[4]?.txid },
    ])
  })

  it('makes a message that survives the wire', () => {
    const { merkleBlock } = filterBlock(block, tx => tx.isCoinbase)
    expect(verifyMerkleBlock(decoded(encodeMessage(merkleBlock)))).toEqual(verifyMerkleBlock(merkleBlock))
  })

  it('asks for each transaction once, in the order of the block', () => {
    const asked: number[] = []
    filterBlock(block, tx => asked.push(tx.lockTime) < 0)
    expect(asked).toEqual([0, 1, 2, 3, 4])
  })

  it('refuses a block without transactions', () => {
    expect(() => filterBlock(Block.from(block.header, []), () => true)).toThrow(TypeError)
  })
})

describe('verifyMerkleBlock', () => {
  it('refuses a tree with another root than the header', () => {
    const other = sampleBlock(transactions.slice(0, 4))
    const { merkleBlock } = filterBlock(block, () => true)
    const error = wireErrorOf(() => verifyMerkleBlock({ ...merkleBlock, header: other.header }))
    expect(error).toMatchObject({ code: 'bad-merkle-tree', command: 'merkleblock' })
  })

  it('refuses a malformed tree', () => {
    const { merkleBlock } = filterBlock(block, () => true)
    expect(wireErrorOf(() => verifyMerkleBlock({ ...merkleBlock, hashes: [] })).code).toBe('bad-merkle-tree')
  })
})

describeVectors('the merkleblock of mainnet block 300025', () => {
  const payload = () => vectorBytes('bip37/merkleblock_mainnet_300025.raw')

  it('proves two transactions of the block', () => {
    const real = Block.decode(vectorBytes('blocks/mainnet_300025.raw'))
    const merkleBlock = decoded(payload())
    expect(toHex(merkleBlock.header.hash)).toBe(
      '0000000000000000821c4e0acc40f88bedbce3b73ba2358b5ade58a9022cc78c',
    )
    expect(merkleBlock).toMatchObject({ totalTransactions: 461, hashes: { length: 10 } })
    const matches = verifyMerkleBlock(merkleBlock)
    expect(matches).toHaveLength(2)
    for (const { index, txid } of matches) {
      expect(toHex(txid)).toBe(toHex(real.transactions.at(index)?.txid ?? new Uint8Array(0)))
    }
    const wanted = new Set(matches.map(({ txid }) => toHex(txid)))
    const again = filterBlock(real, tx => wanted.has(toHex(tx.txid)))
    expect(bytesToHex(encodeMessage(again.merkleBlock))).toBe(bytesToHex(payload()))
    expect(again.transactions).toHaveLength(2)
  })
})
