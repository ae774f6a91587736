import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { ROOM } from '../../src/wire/crypto/sha256-lanes.js'
import { BlockHeader } from '../../src/wire/header.js'
import { bytesToHex } from '../../src/wire/hex.js'
import { checkMerkleRoot, merkleRoot, witnessMerkleRoot } from '../../src/wire/merkle.js'
import { Transaction } from '../../src/wire/transaction.js'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

/** A transaction of some size; with a witness where it has items. */
function transaction(salt: number, script: number, witness: readonly number[] = []): Transaction {
  return Transaction.from({
    version: 0x0102_0304 + salt,
    inputs: [
      {
        outpoint: { txid: new Uint8Array(32).fill(salt), index: salt },
        scriptSig: new Uint8Array(script).fill(salt + 1),
        sequence: 0xffff_fffe,
        witness: witness.map(length => new Uint8Array(length).fill(salt + 2)),
      },
    ],
    outputs: [{ value: BigInt(salt), scriptPubKey: Uint8Array.of(0x51) }],
    lockTime: 0x0a0b_0c0d + salt,
  })
}

const blockOf = (transactions: readonly Transaction[]): Block =>
  Block.from(new BlockHeader(new Uint8Array(80)), transactions)

function expectIds(block: Block): void {
  const transactions = Array.from(block.transactions)
  expect(block.txids().map(bytesToHex)).toEqual(transactions.map(({ txid }) => bytesToHex(txid)))
  expect(block.wtxids().map(bytesToHex)).toEqual(transactions.map(({ wtxid }) => bytesToHex(wtxid)))
}

describe('the ids of a block', () => {
  it('are those of its transactions', () => {
    const sizes = fc.tuple(
      fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 600 })),
      fc.oneof(fc.constant([]), fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 3 })),
    )
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 12 }), all => {
        expectIds(blockOf(all.map(([script, witness], i) => transaction(i, script, witness))))
      }),
    )
  })

  it('are so with the shortest witness', () => {
    // Two bytes of witness: the lock time moves by less than its own length.
    expectIds(blockOf([transaction(1, 0, [0]), transaction(2, 0, [1]), transaction(3, 0, [2])]))
  })

  it('are so for more transactions than are hashed at once, and more than fit at once', () => {
    expectIds(
      blockOf(Array.from({ length: 2_100 }, (_, i) => transaction(i & 0x7f, i % 120, i % 3 ? [] : [9]))),
    )
    expectIds(
      blockOf(Array.from({ length: 400 }, (_, i) => transaction(i & 0x7f, 1_000, i % 2 ? [] : [200]))),
    )
  })

  it('are so for transactions as long as the memory, and longer', () => {
    const empty = transaction(1, 0xffff + 1).bytes.length - (0xffff + 1)
    const exact = ROOM - empty
    expectIds(
      blockOf([
        transaction(1, 10),
        transaction(2, exact),
        transaction(3, exact + 1),
        transaction(4, 10, [ROOM]),
        transaction(5, exact - 1),
        transaction(6, 10),
      ]),
    )
  })

  it('leave the block alone', () => {
    const block = blockOf([transaction(1, 5, [7]), transaction(2, 5), transaction(3, 5, [1, 2])])
    const before = block.bytes.slice()
    expectIds(block)
    expect(block.bytes).toEqual(before)
  })

  it('are so where the block lies inside other bytes', () => {
    const { bytes } = blockOf([transaction(1, 5, [7]), transaction(2, 5), transaction(3, 500)])
    const whole = new Uint8Array(bytes.length + 20).fill(0xee)
    whole.set(bytes, 13)
    expectIds(Block.decodeAt(whole, 13).block)
  })

  it('are there where no transaction is', () => {
    const block = blockOf([])
    expect(block.txids()).toEqual([])
    expect(block.wtxids()).toEqual([])
    expect(checkMerkleRoot(block)).toBe(true)
  })

  it('are not taken from another block that was checked before', () => {
    const one = blockOf([transaction(1, 5), transaction(2, 5, [3]), transaction(3, 5)])
    const other = blockOf([transaction(4, 5), transaction(5, 5, [3]), transaction(6, 5)])
    checkMerkleRoot(one)
    checkMerkleRoot(other)
    for (const block of [one, other]) {
      const [, ...wtxids] = Array.from(block.transactions, ({ wtxid }) => wtxid)
      expect(witnessMerkleRoot(block)).toEqual(merkleRoot([new Uint8Array(32), ...wtxids]).root)
      expectIds(block)
    }
  })

  it('are the same after the witnesses were checked, where the coinbase counts as zero', () => {
    const block = blockOf([transaction(1, 5), transaction(2, 5, [3]), transaction(3, 5)])
    checkMerkleRoot(block)
    const root = witnessMerkleRoot(block)
    expect(block.wtxids()).toEqual(Array.from(block.transactions, ({ wtxid }) => wtxid))
    expect(witnessMerkleRoot(block)).toEqual(root)
  })

  it('are given away: who writes to them does no harm', () => {
    const block = blockOf([transaction(1, 5), transaction(2, 5, [3])])
    for (const ids of [block.txids(), block.wtxids()]) for (const id of ids) id.fill(0)
    witnessMerkleRoot(block)
    expectIds(block)
  })

  it('are so without WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    vi.resetModules()
    const fresh = await import('../../src/wire/block.js')
    const { bytes } = blockOf(
      Array.from({ length: 120 }, (_, i) => transaction(i, i === 9 ? 500 : 5, i % 2 ? [7] : [])),
    )
    const block = fresh.Block.decode(bytes)
    const transactions = Array.from(Block.decode(bytes).transactions)
    expect(block.txids()).toEqual(transactions.map(({ txid }) => txid))
    // The second time with the txids at hand.
    for (let i = 0; i < 2; i += 1) expect(block.wtxids()).toEqual(transactions.map(({ wtxid }) => wtxid))
  })
})
