import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Block } from '../../src/wire/block.js'
import type { CompactBlock } from '../../src/wire/compact.js'
import { BlockHeader } from '../../src/wire/header.js'
import { equalBytes, hexToBytes, toHex } from '../../src/wire/hex.js'
import { decodeMessage, encodeMessage } from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import {
  type CompactVersion,
  type MissingReconstruction,
  type Reconstruction,
  reconstruct,
  shortId,
  shortIdKey,
  toCompactBlock,
} from '../../src/wire/reconstruct.js'
import { Transaction } from '../../src/wire/transaction.js'
import * as arbitraries from '../support/arbitraries.js'
import { collidingNumbers, timesAsLong } from '../support/colliding.js'
import { committedBlock, sampleBlock, sampleCoinbase, sampleTransaction } from '../support/samples.js'
import { describeVectors, vectorBytes, vectorJson } from '../support/vectors.js'

/** A transaction unlike any other; with a witness where `witness` is not 0. */
function makeTransaction(number: number, witness = 0): Transaction {
  return Transaction.from({
    version: 2,
    inputs: [
      {
        outpoint: { txid: new Uint8Array(32).fill(7), index: number },
        scriptSig: new Uint8Array(0),
        sequence: 0,
        witness: witness === 0 ? [] : [Uint8Array.of(witness)],
      },
    ],
    outputs: [{ value: 1n, scriptPubKey: new Uint8Array(0) }],
    lockTime: 0,
  })
}

const block = committedBlock([1, 2, 3, 4].map(number => makeTransaction(number, number % 2)))
const transactions = Array.from(block.transactions)
const compact = toCompactBlock(block, 42n)

function expectMissing(result: Reconstruction): MissingReconstruction {
  if (result.state !== 'missing') expect.fail(`${result.state} where missing was expected`)
  return result
}

function expectBlock(result: Reconstruction, expected = block): void {
  if (result.state !== 'complete') expect.fail(`${result.state} where complete was expected`)
  // Comparing a megabyte by toEqual takes seconds.
  expect(equalBytes(result.block.bytes, expected.bytes)).toBe(true)
}

const answer = (indexes: readonly number[], of = block) => ({
  blockHash: of.hash,
  transactions: indexes.map(index => of.transactions.at(index)!),
})

/** The same with other fields, and short ids of one's own choice. */
const changed = (change: Partial<CompactBlock>): CompactBlock => ({ ...compact, ...change })

describe('the compact form', () => {
  it('has the coinbase in full, and short ids of wtxids', () => {
    const key = shortIdKey(block.header, 42n)
    expect(Array.from(compact.prefilled, ({ index }) => index)).toEqual([0])
    expect(Array.from(compact.shortIds)).toEqual(transactions.slice(1).map(tx => shortId(key, tx.wtxid)))
    const old = toCompactBlock(block, 42n, { version: 1, prefill: [1, 3] })
    expect(Array.from(old.prefilled, ({ index }) => index)).toEqual([1, 3])
    expect(Array.from(old.shortIds)).toEqual([0, 2, 4].map(index => shortId(key, transactions[index]!.txid)))
  })

  it('has 48 bits of a hash whose key depends on header and nonce', () => {
    const id = transactions[1]!.wtxid
    const ids = [
      shortId(shortIdKey(block.header, 1n), id),
      shortId(shortIdKey(block.header, 2n), id),
      shortId(shortIdKey(regtest.genesis, 1n), id),
    ]
    expect(new Set(ids).size).toBe(3)
    for (const each of ids) expect(each).toBeLessThan(2 ** 48)
  })
})

describe('complete', () => {
  it('from the mempool, in any order, with strangers around', () => {
    const mempool = [...transactions].reverse()
    expectBlock(reconstruct(compact, [makeTransaction(99), ...mempool, makeTransaction(98)]))
  })

  it('from the extra transactions', () => {
    expectBlock(reconstruct(compact, transactions.slice(1, 3), { extra: transactions.slice(3) }))
  })

  it('from prefilled ones alone', () => {
    expectBlock(reconstruct(toCompactBlock(block, 1n, { prefill: [0, 1, 2, 3, 4] }), []))
  })

  it('in version 1 without witnesses, whatever those of what is at hand', () => {
    const old = toCompactBlock(block, 1n, { version: 1 })
    const bare = Block.decode(block.stripped)
    for (const atHand of [transactions, Array.from(bare.transactions)]) {
      expectBlock(reconstruct(old, atHand, { version: 1 }), bare)
    }
    expectBlock(expectMissing(reconstruct(old, [], { version: 1 })).fill(answer([1, 2, 3, 4])), bare)
    expect(reconstruct(old, transactions).state).toBe('missing')
  })

  it('the same transaction twice at hand is one', () => {
    expectBlock(reconstruct(compact, [...transactions.slice(1, 4), transactions[2]!, transactions[4]!]))
  })

  it('stops looking when each short id has a transaction', () => {
    let asked = 0
    function* mempool() {
      for (const tx of [...transactions, makeTransaction(50), makeTransaction(51)]) {
        asked += 1
        yield tx
      }
    }
    expectBlock(reconstruct(compact, mempool()))
    expect(asked).toBe(6)
  })
})

describe('missing', () => {
  it('names the places, and goes on with the answer', () => {
    const state = expectMissing(reconstruct(compact, [transactions[1]!, transactions[3]!]))
    expect(state.indexes).toEqual([2, 4])
    expectBlock(state.fill(answer([2, 4])))
  })

  it('an answer about another block changes nothing', () => {
    const state = expectMissing(reconstruct(compact, []))
    expect(state.fill({ ...answer([1, 2, 3, 4]), blockHash: regtest.genesis.hash })).toBe(state)
  })

  it('a bad answer spoils nothing for a good one', () => {
    const state = expectMissing(reconstruct(compact, [transactions[1]!, transactions[3]!]))
    expect(state.fill(answer([4, 2])).state).toBe('failed')
    expectBlock(state.fill(answer([2, 4])))
  })

  it.each([
    ['too few', [1, 2]],
    ['none', []],
    ['too many', [1, 2, 3, 4]],
  ])('%s are invalid', (_, indexes) => {
    const state = expectMissing(reconstruct(compact, [transactions[4]!]))
    expect(state.indexes).toEqual([1, 2, 3])
    expect(state.fill(answer(indexes)).state).toBe('invalid')
  })

  it('two transactions at hand with one short id count as none, three as well', () => {
    const key = shortIdKey(block.header, 42n)
    const [first, second, third] = [makeTransaction(1, 1), makeTransaction(1, 2), makeTransaction(1, 3)]
    // In version 1 a short id does not see the witness, so three transactions share it.
    const old = toCompactBlock(block, 42n, { version: 1 })
    expect(new Set([first, second, third].map(tx => shortId(key, tx.txid))).size).toBe(1)
    const rest = transactions.slice(2)
    const indexesOf = (mempool: Transaction[], extra: Transaction[]) =>
      expectMissing(reconstruct(old, mempool, { version: 1, extra })).indexes
    expect(indexesOf([first, second, ...rest], [])).toEqual([1])
    expect(indexesOf([first, second, third, ...rest], [])).toEqual([1])
    expect(indexesOf([first, ...rest.slice(1)], [second])).toEqual([1, 2])
  })
})

describe('failed', () => {
  it('two equal short ids', () => {
    const [id = 0] = compact.shortIds
    expect(reconstruct(changed({ shortIds: [id, id, 3, 4] }), transactions)).toMatchObject({
      state: 'failed',
    })
  })

  it('a transaction at hand that only shares the short id', () => {
    const stranger = makeTransaction(77)
    const key = shortIdKey(block.header, 42n)
    const ids = Array.from(compact.shortIds)
    ids[1] = shortId(key, stranger.wtxid)
    expect(reconstruct(changed({ shortIds: ids }), [...transactions, stranger]).state).toBe('failed')
  })

  it('a merkle root that does not agree with the answer', () => {
    const state = expectMissing(reconstruct(compact, transactions.slice(1, 4)))
    expect(state.fill({ blockHash: block.hash, transactions: [makeTransaction(5)] }).state).toBe('failed')
  })

  it('repeated transactions that leave the merkle root as it is (CVE-2012-2459)', () => {
    const three = committedBlock(transactions.slice(1, 3))
    const transactionsOfThree = Array.from(three.transactions)
    const repeated = [...transactionsOfThree, transactionsOfThree[2]!]
    const forged = changed({
      header: three.header,
      shortIds: [],
      prefilled: repeated.map((transaction, index) => ({ index, transaction })),
    })
    expect(reconstruct(forged, [])).toMatchObject({ state: 'failed', reason: expect.stringContaining('CVE') })
    expectBlock(reconstruct(toCompactBlock(three, 1n), transactions), three)
  })
})

describe('witnesses, in version 2', () => {
  const spends = [1, 2, 3].map(number => makeTransaction(number))
  const signed = makeTransaction(1, 1)
  const changedWitness = makeTransaction(1, 2)
  const commitment = sampleCoinbase(Array.from(block.transactions.at(0)!.outputs, out => out.scriptPubKey))

  it('changed on the way in blocktxn are no block', () => {
    const state = expectMissing(reconstruct(compact, transactions.slice(2)))
    expect(changedWitness.txid).toEqual(transactions[1]!.txid)
    const { blockHash } = answer([])
    expect(state.fill({ blockHash, transactions: [changedWitness] })).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('witness'),
    })
    expect(state.fill({ blockHash, transactions: [makeTransaction(1)] }).state).toBe('failed')
    expectBlock(state.fill(answer([1])))
  })

  it('changed among the prefilled ones are no block', () => {
    const form = toCompactBlock(block, 1n, { prefill: [0, 1] })
    const [coinbase] = form.prefilled
    const forged = [coinbase!, { index: 1, transaction: changedWitness }]
    expect(reconstruct({ ...form, prefilled: forged }, transactions).state).toBe('failed')
    const bare = { index: 0, transaction: Transaction.decode(transactions[0]!.stripped) }
    expect(reconstruct({ ...form, prefilled: [bare, form.prefilled.at(1)!] }, transactions).state).toBe(
      'failed',
    )
  })

  const cases = [
    {
      what: 'no witness and no commitment',
      of: sampleBlock([sampleCoinbase(), ...spends]),
      now: true,
      before: true,
    },
    { what: 'a commitment that is kept', of: block, now: true, before: false },
    {
      what: 'a commitment and no witness',
      of: sampleBlock([commitment, ...spends]),
      now: false,
      before: true,
    },
    {
      what: 'a witness that nothing commits to',
      of: sampleBlock([sampleCoinbase(), signed]),
      now: false,
      before: false,
    },
    {
      what: 'a commitment to other witnesses',
      of: sampleBlock([commitment, signed]),
      now: false,
      before: false,
    },
  ]

  it.each(cases)('$what: with segwit $now, before it $before', ({ of, now, before }) => {
    const form = toCompactBlock(of, 1n)
    for (const [segwit, holds] of [
      [undefined, now],
      [true, now],
      [false, before],
    ] as const) {
      const expected = holds ? 'complete' : 'failed'
      expect(reconstruct(form, of.transactions, { segwit }).state).toBe(expected)
      const state = expectMissing(reconstruct(form, [], { segwit }))
      expect(state.fill(answer(state.indexes, of)).state).toBe(expected)
    }
  })
})

test('a block begins with a coinbase: a row of the tree taken for transactions does not', () => {
  const headless = sampleBlock([sampleTransaction(), sampleTransaction({ lockTime: 1 })])
  expect(reconstruct(toCompactBlock(headless, 1n), headless.transactions)).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('coinbase'),
  })
})

test('short ids that a remote chooses to collide in a table of V8 cost what others cost', () => {
  const count = 15_000
  const hostile = changed({ shortIds: collidingNumbers(count) })
  const friendly = changed({ shortIds: Array.from({ length: count }, (_, i) => i * 100_003) })
  const run = (form: CompactBlock) => () => expectMissing(reconstruct(form, transactions)).indexes.length
  expect(run(hostile)()).toBe(count)
  expect(timesAsLong(run(hostile), run(friendly))).toBeLessThan(8)
})

describe('invalid', () => {
  const coinbase = { index: 0, transaction: transactions[0]! }
  const emptyHeader = BlockHeader.from({
    version: 0,
    previousBlock: new Uint8Array(32),
    merkleRoot: new Uint8Array(32),
    time: 0,
    bits: 0,
    nonce: 0,
  })
  const empty = Transaction.decode(new Uint8Array(10))

  it.each<[string, Partial<CompactBlock>]>([
    ['an empty header', { header: emptyHeader }],
    ['no transactions', { shortIds: [], prefilled: [] }],
    ['more transactions than 16 bits can count', { shortIds: Array.from({ length: 65_536 }, (_, i) => i) }],
    ['an empty transaction', { prefilled: [{ index: 0, transaction: empty }] }],
    ['a place behind the block', { prefilled: [coinbase, { index: 6, transaction: transactions[1]! }] }],
    ['a first place behind the block', { prefilled: [{ index: 5, transaction: transactions[1]! }] }],
    ['a place twice', { prefilled: [coinbase, coinbase] }],
    [
      'a place that goes back',
      {
        prefilled: [
          { ...coinbase, index: 2 },
          { ...coinbase, index: 1 },
        ],
      },
    ],
  ])('%s', (_, change) => {
    expect(reconstruct(changed(change), transactions)).toMatchObject({
      state: 'invalid',
      reason: expect.stringMatching(/./),
    })
  })

  it('the last place and the largest count are fine', () => {
    const last = changed({ prefilled: [{ index: 4, transaction: transactions[0]! }] })
    expect(expectMissing(reconstruct(last, [])).indexes).toEqual([0, 1, 2, 3])
    const largest = changed({ shortIds: Array.from({ length: 65_535 }, (_, i) => i) })
    const { indexes } = expectMissing(reconstruct(largest, []))
    expect(indexes.length).toBe(65_535)
    // All of them can be asked for.
    expect(encodeMessage({ command: 'getblocktxn', blockHash: block.hash, indexes }).length).toBeGreaterThan(
      65_535,
    )
  })
})

test('any block comes back from its compact form, whatever part of it is at hand', () => {
  const blocks = fc
    .uniqueArray(arbitraries.transaction, { maxLength: 6, selector: tx => toHex(tx.txid) })
    .map(committedBlock)
  const places = fc.uniqueArray(fc.nat(6))
  const versions = fc.constantFrom<CompactVersion>(1, 2)
  fc.assert(
    fc.property(
      blocks,
      arbitraries.u64,
      places,
      places,
      versions,
      (whole, nonce, prefill, atHand, version) => {
        const form = toCompactBlock(whole, nonce, { version, prefill })
        const message = decodeMessage('cmpctblock', encodeMessage({ command: 'cmpctblock', ...form }))
        if (message.command !== 'cmpctblock') expect.fail(message.command)
        const mempool = atHand.flatMap(index => whole.transactions.at(index) ?? [])
        const result = reconstruct(message, mempool, { version })
        const expected = version === 1 ? Block.decode(whole.stripped) : whole
        if (result.state !== 'missing') expectBlock(result, expected)
        else {
          const missing = Array.from(whole.transactions, (_, index) => index).filter(
            index => !prefill.includes(index) && !atHand.includes(index),
          )
          expect(result.indexes).toEqual(missing)
          expectBlock(result.fill(answer(missing, whole)), expected)
        }
      },
    ),
  )
})

test('a compact block of any bytes ends in a state', () => {
  fc.assert(
    fc.property(
      arbitraries.messageArbitraries.cmpctblock,
      fc.array(arbitraries.transaction),
      (message, mempool) => {
        const result = reconstruct(message, mempool)
        if (result.state === 'missing') {
          expect(result.indexes.length).toBeGreaterThan(0)
          const filled = result.fill({ blockHash: message.header.hash, transactions: mempool })
          expect(['invalid', 'failed']).toContain(filled.state)
        } else expect(['invalid', 'failed']).toContain(result.state)
      },
    ),
  )
})

describeVectors('bip152', () => {
  it.each([
    ['mainnet_426884', 1],
    ['testnet3_898352', 1],
  ] as const)('%s, version %i', (name, version) => {
    const message = decodeMessage('cmpctblock', vectorBytes(`bip152/cmpctblock_${name}.raw`))
    if (message.command !== 'cmpctblock') expect.fail(message.command)
    const whole = Block.decode(vectorBytes(`blocks/${name}.raw`))
    expectBlock(reconstruct(message, whole.transactions, { version }), whole)
    const state = expectMissing(reconstruct(message, [], { version }))
    expect(state.indexes).toEqual(Array.from(whole.transactions, (_, index) => index).slice(1))
    expectBlock(state.fill(answer(state.indexes, whole)), whole)
  })

  it('the short id of the second transaction of testnet3 898352', () => {
    const message = decodeMessage('cmpctblock', vectorBytes('bip152/cmpctblock_testnet3_898352.raw'))
    if (message.command !== 'cmpctblock') expect.fail(message.command)
    const tx = Block.decode(vectorBytes('blocks/testnet3_898352.raw')).transactions.at(1)!
    expect(shortId(shortIdKey(message.header, message.nonce), tx.txid)).toBe(125673511480291)
  })

  it.each([
    [0, 2],
    [1, 2],
    [2, 1],
  ] as const)('compact block %i of the test framework of Core, version %i', (number, version) => {
    interface Row {
      readonly command: string
      readonly payload: string
    }
    const { messages } = vectorJson<{ messages: readonly Row[] }>('wire/core_framework_messages.json', {
      messages: [],
    })
    const row = messages.filter(({ command }) => command === 'cmpctblock')[number]
    const message = decodeMessage('cmpctblock', hexToBytes(row?.payload ?? ''))
    if (message.command !== 'cmpctblock') expect.fail(message.command)
    const whole = Block.decode(vectorBytes('blocks/mainnet_482683.raw'))
    const result = reconstruct(message, whole.transactions, { version })
    if (result.state !== 'complete') expect.fail(result.state)
    // Version 1 sends the coinbase without its witness.
    expect(equalBytes(result.block.stripped, whole.stripped)).toBe(true)
    if (version === 2) expectBlock(result, whole)
  })
})
