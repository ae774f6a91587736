import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Block, block, plainBlock } from '../../src/wire/block.js'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { sha256d, zeroHash } from '../../src/wire/hash.js'
import { bytesToHex, equalBytes, hexToBytes, toHex } from '../../src/wire/hex.js'
import { genesisHeader, mainnet } from '../../src/wire/network.js'
import { Transaction } from '../../src/wire/transaction.js'
import * as arbitraries from '../support/arbitraries.js'
import { describeVectors, vectorBytes, vectorJson } from '../support/vectors.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const header = genesisHeader({ time: 1, bits: 2, nonce: 3 })
const headerHex = bytesToHex(header.bytes)
const empty = '02000000000000000000'

function tx(index: number, witness: Uint8Array[] = []): Transaction {
  return Transaction.from({
    version: 2,
    inputs: [{ outpoint: { txid: zeroHash, index }, scriptSig: new Uint8Array(3), sequence: 0, witness }],
    outputs: [{ value: BigInt(index), scriptPubKey: new Uint8Array(index % 300) }],
    lockTime: index,
  })
}

describe('a block of three transactions, one with witness', () => {
  const parts = [tx(0), tx(1, [Uint8Array.of(1, 2, 3)]), tx(2)]
  const made = Block.from(header, parts)
  const strippedSize = 80 + 1 + parts.reduce((sum, part) => sum + part.strippedSize, 0)

  it('is its header, a count and the transactions', () => {
    const hex = `${headerHex}03${parts.map(part => bytesToHex(part.bytes)).join('')}`
    expect(bytesToHex(made.bytes)).toBe(hex)
    expect(bytesToHex(Block.decode(hexToBytes(hex)).bytes)).toBe(hex)
  })

  it('has the id of its header', () => {
    expect(made.hash).toEqual(sha256d(header.bytes))
    expect(made.header.time).toBe(1)
  })

  it('gives the transactions by index and in order', () => {
    expect(made.transactions.length).toBe(3)
    expect(made.transactions.at(1)!.hasWitness).toBe(true)
    expect(Array.from(made.transactions, each => toHex(each.wtxid))).toEqual(
      parts.map(each => toHex(each.wtxid)),
    )
    expect(Array.from(made.transactions, each => toHex(each.txid))).toEqual(
      parts.map(each => toHex(each.txid)),
    )
    expect(made.transactions.at(3)).toBeUndefined()
    expect(made.transactions.at(-1)!.lockTime).toBe(2)
    expect(made.transactions.at(1)!.inputs[0]!.witness.length).toBe(1)
  })

  it('computes all its ids', () => {
    expect(made.txids().map(toHex)).toEqual(parts.map(({ txid }) => toHex(txid)))
    expect(made.wtxids().map(toHex)).toEqual(parts.map(({ wtxid }) => toHex(wtxid)))
  })

  it('knows its sizes with and without witness', () => {
    expect(made.strippedSize).toBe(strippedSize)
    expect(made.weight).toBe(3 * strippedSize + made.bytes.length)
    expect(made.stripped.length).toBe(strippedSize)
    expect(Block.decode(made.stripped).transactions.at(1)!.hasWitness).toBe(false)
    expect(Block.decode(made.stripped).transactions.at(1)!.txid).toEqual(parts[1]!.txid)
  })

  it('is written in either form, and read at its place in a payload', () => {
    for (const [witness, bytes] of [
      [true, made.bytes],
      [false, made.stripped],
    ] as const) {
      const writer = new Writer({ witness })
      writer.u16(0xffff)
      block.encode(writer, made)
      writer.u8(0xff)
      const reader = new Reader(writer.finish())
      reader.u16()
      const again = block.decode(reader)
      expect(again.bytes).toEqual(bytes)
      expect(reader.remaining).toBe(1)
      expect(Array.from(again.transactions, each => toHex(each.txid))).toEqual(
        parts.map(each => toHex(each.txid)),
      )
    }
  })

  it('has a plain form', () => {
    expect(plainBlock(made, { maxItems: 2 })).toMatchObject({
      hash: toHex(made.hash),
      time: 1,
      size: made.bytes.length,
      weight: made.weight,
      transactions: {
        length: 3,
        first: [{ lockTime: 0 }, { lockTime: 1, inputs: [{ witness: ['010203'] }] }, { lockTime: 2 }],
      },
    })
  })
})

// The offsets of a block grow as its transactions turn up; the borders are at 512, 1024 and 2048.
test.each([0, 1, 252, 253, 511, 512, 513, 1_023, 1_024, 1_025, 2_049])(
  '%i transactions keep their places',
  count => {
    const made = Block.from(
      header,
      Array.from({ length: count }, (_, i) => tx(i, i % 3 === 0 ? [Uint8Array.of(i & 0xff)] : [])),
    )
    const again = Block.decode(made.bytes)
    expect(again.transactions.length).toBe(count)
    let index = 0
    for (const each of again.transactions) {
      expect(each.lockTime).toBe(index)
      expect(each.hasWitness).toBe(index % 3 === 0)
      index += 1
    }
    expect(index).toBe(count)
  },
)

test.each([
  ['nothing', '', 'truncated'],
  ['half a header', headerHex.slice(0, 80), 'truncated'],
  ['a header only', headerHex, 'truncated'],
  ['no transactions', `${headerHex}00`, 'ok'],
  ['one empty transaction', `${headerHex}01${empty}`, 'ok'],
  ['a transaction too few', `${headerHex}02${empty}`, 'truncated'],
  ['a transaction too many', `${headerHex}01${empty}${empty}`, 'trailing-bytes'],
  ['four billion transactions', `${headerHex}feffffffff${empty}`, 'truncated'],
  ['a count of nine bytes', `${headerHex}ff0000000001000000${empty}`, 'too-long'],
  ['a count in a longer form', `${headerHex}fd0100${empty}`, 'non-canonical-size'],
  ['a bad transaction', `${headerHex}0102000000000200000000`, 'bad-flag'],
])('%s', (_, hex, expected) => {
  expect(outcome(() => Block.decode(hexToBytes(hex)))).toBe(expected)
})

test('a fault says where in the block it is', () => {
  const hex = `${headerHex}02${empty}02000000000200000000`
  expect(wireErrorOf(() => Block.decode(hexToBytes(hex)))).toMatchObject({
    command: 'block',
    offset: 80 + 1 + 10 + 5,
  })
})

test('any block survives', () => {
  fc.assert(
    fc.property(arbitraries.block, any => {
      const again = Block.decode(any.bytes)
      expect(Block.from(again.header, again.transactions).bytes).toEqual(any.bytes)
      expect(Block.decode(again.stripped).bytes.length).toBe(again.strippedSize)
    }),
    { numRuns: 50 },
  )
})

describeVectors('blocks/index.json', () => {
  interface Vector {
    readonly file: string
    readonly header: {
      readonly version: number
      readonly prev: string
      readonly merkleRoot: string
      readonly time: number
      readonly bits: number
      readonly nonce: number
      readonly hash: string
    }
    readonly size: number
    readonly strippedSize: number
    readonly weight: number
    readonly transactions: number
    readonly witnessTransactions: number
    readonly firstTxid: string
    readonly lastTxid: string
    readonly lastWtxid: string
  }
  const vectors = vectorJson<readonly Vector[]>('blocks/index.json', [])

  it('has all 6 blocks', () => {
    expect(vectors.length).toBe(6)
  })

  it.each(vectors)('$file', vector => {
    const bytes = vectorBytes(vector.file)
    const decoded = Block.decode(bytes)
    const { prev, ...rest } = vector.header
    expect(plainBlock(decoded, { maxItems: 0 })).toMatchObject({
      ...rest,
      previousBlock: prev,
      size: vector.size,
      weight: vector.weight,
    })
    expect(decoded.strippedSize).toBe(vector.strippedSize)
    expect(equalBytes(decoded.bytes, bytes)).toBe(true)
    const { transactions } = decoded
    expect(transactions.length).toBe(vector.transactions)
    expect(Array.from(transactions).filter(each => each.hasWitness).length).toBe(vector.witnessTransactions)
    expect(toHex(transactions.at(0)!.txid)).toBe(vector.firstTxid)
    expect(toHex(transactions.at(-1)!.txid)).toBe(vector.lastTxid)
    expect(toHex(transactions.at(-1)!.wtxid)).toBe(vector.lastWtxid)
    expect(equalBytes(Block.from(decoded.header, transactions).bytes, bytes)).toBe(true)
    const strippedBlock = Block.decode(decoded.stripped)
    expect(strippedBlock.bytes.length).toBe(vector.strippedSize)
    expect(toHex(strippedBlock.transactions.at(-1)!.wtxid)).toBe(vector.lastTxid)
  })

  it('the first block of mainnet is the one the network names', () => {
    expect(Block.decode(vectorBytes('blocks/mainnet_0.raw')).header.bytes).toEqual(mainnet.genesis.bytes)
  })

  it('every field of a full block can be read, and writes the same bytes again', () => {
    const decoded = Block.decode(vectorBytes('blocks/mainnet_574200.raw'))
    const rewritten = Array.from(decoded.transactions, each => Transaction.from(each))
    expect(equalBytes(Block.from(decoded.header, rewritten).bytes, decoded.bytes)).toBe(true)
  })
})
