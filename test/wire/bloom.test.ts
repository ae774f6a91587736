import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { BloomFilter, BloomUpdate } from '../../src/wire/bloom.js'
import { bytesToHex, hexToBytes, toHex } from '../../src/wire/hex.js'
import { filterBlock, verifyMerkleBlock } from '../../src/wire/merkle-block.js'
import { encodeMessage } from '../../src/wire/messages.js'
import { Transaction } from '../../src/wire/transaction.js'
import { block as anyBlock, transaction } from '../support/arbitraries.js'
import { seeded } from '../support/mutate.js'
import { sampleTransaction } from '../support/samples.js'
import { describeVectors, vectorJson } from '../support/vectors.js'
import { wireErrorOf } from '../support/wire.js'

const filterOf = (flags: number, ...elements: Uint8Array[]) => {
  const filter = BloomFilter.create({ elements: 20, falsePositiveRate: 1e-9, tweak: 0x5555, flags })
  for (const element of elements) filter.insert(element)
  return filter
}
const withoutBytes = () =>
  new BloomFilter({ filter: new Uint8Array(0), hashFunctions: 5, tweak: 0, flags: 1 })

describe('BloomFilter.create', () => {
  it.each([
    [
      { elements: 3, falsePositiveRate: 0.01 },
      { size: 3, functions: 5 },
    ],
    [
      { elements: 2, falsePositiveRate: 0.001 },
      { size: 3, functions: 8 },
    ],
    [
      { elements: 10, falsePositiveRate: 0.000_001 },
      { size: 35, functions: 19 },
    ],
    [
      { elements: 1_000_000, falsePositiveRate: 0.0001 },
      { size: 36_000, functions: 0 },
    ],
    [
      { elements: 100_000, falsePositiveRate: 0.0001 },
      { size: 36_000, functions: 1 },
    ],
    [
      { elements: 99_000, falsePositiveRate: 0.0001 },
      { size: 36_000, functions: 1 },
    ],
    [
      { elements: 1, falsePositiveRate: 1e-30 },
      { size: 17, functions: 50 },
    ],
    [
      { elements: 1, falsePositiveRate: 0.9 },
      { size: 0, functions: 0 },
    ],
  ])('sizes %o', (options, { size, functions }) => {
    const filter = BloomFilter.create({ ...options, tweak: 9 })
    expect(filter.filter).toEqual(new Uint8Array(size))
    expect(filter).toMatchObject({ hashFunctions: functions, tweak: 9, flags: BloomUpdate.none })
  })

  it.each([
    { elements: 0, falsePositiveRate: 0.5 },
    { elements: 1.5, falsePositiveRate: 0.5 },
    { elements: 1, falsePositiveRate: 0 },
    { elements: 1, falsePositiveRate: 1 },
    { elements: 1, falsePositiveRate: Number.NaN },
  ])('refuses %o', options => {
    expect(() => BloomFilter.create({ ...options, tweak: 0 })).toThrow(TypeError)
  })
})

describe('the constructor', () => {
  const fields = { filter: Uint8Array.of(0xff), hashFunctions: 1, tweak: 0, flags: 0 }

  it('copies the bits, both ways', () => {
    const filter = new BloomFilter({ ...fields, filter: new Uint8Array(8) })
    const [before, received] = [filter.filter, new Uint8Array(8)]
    filter.insert(Uint8Array.of(1))
    expect(before).toEqual(new Uint8Array(8))
    new BloomFilter({ ...fields, filter: received }).insert(Uint8Array.of(1))
    expect(received).toEqual(new Uint8Array(8))
    expect(filter.filter).not.toEqual(before)
  })

  it('takes what filterload carries at most', () => {
    const largest = { ...fields, filter: new Uint8Array(36_000), hashFunctions: 50 }
    expect(new BloomFilter(largest).toMessage()).toEqual({ command: 'filterload', ...largest })
  })

  it('refuses more', () => {
    expect(wireErrorOf(() => new BloomFilter({ ...fields, filter: new Uint8Array(36_001) })).code).toBe(
      'too-long',
    )
    for (const hashFunctions of [51, -1, 0.5, Number.POSITIVE_INFINITY]) {
      expect(wireErrorOf(() => new BloomFilter({ ...fields, hashFunctions })).code).toBe('bad-value')
    }
  })
})

describe('contains', () => {
  it('knows every element, always', () => {
    const options = fc.record({ rate: fc.double({ min: 1e-6, max: 0.5, noNaN: true }), tweak: fc.nat() })
    fc.assert(
      fc.property(fc.array(fc.uint8Array(), { minLength: 1 }), options, (elements, { rate, tweak }) => {
        const filter = BloomFilter.create({ elements: elements.length, falsePositiveRate: rate, tweak })
        for (const element of elements) filter.insert(element)
        expect(elements.every(element => filter.contains(element))).toBe(true)
        const copy = new BloomFilter(filter.toMessage())
        expect(elements.every(element => copy.contains(element))).toBe(true)
      }),
    )
  })

  it('errs about as often as was asked for', () => {
    const pick = seeded(42)
    const random = () => Uint8Array.from({ length: 20 }, () => pick(256))
    const filter = BloomFilter.create({ elements: 1_000, falsePositiveRate: 0.02, tweak: 77 })
    for (let i = 0; i < 1_000; i += 1) filter.insert(random())
    let wrong = 0
    for (let i = 0; i < 10_000; i += 1) if (filter.contains(random())) wrong += 1
    expect(wrong).toBeGreaterThan(100)
    expect(wrong).toBeLessThan(300)
  })

  it('sets other bits with another tweak', () => {
    const bits = (tweak: number) => {
      const filter = BloomFilter.create({ elements: 9, falsePositiveRate: 0.001, tweak })
      filter.insert(Uint8Array.of(1, 2, 3))
      return bytesToHex(filter.filter)
    }
    expect(new Set([bits(0), bits(1), bits(0x8000_0001)]).size).toBe(3)
  })

  it('holds for a known filter', () => {
    const filter = new BloomFilter({ filter: hexToBytes('614e9b'), hashFunctions: 5, tweak: 0, flags: 1 })
    expect(filter.contains(hexToBytes('99108ad8ed9bb6274d3980bab5a85c048f0950c8'))).toBe(true)
    expect(filter.contains(hexToBytes('19108ad8ed9bb6274d3980bab5a85c048f0950c8'))).toBe(false)
  })

  it('finds outpoints by txid and index', () => {
    const txid = new Uint8Array(32).fill(5)
    const filter = filterOf(0)
    filter.insertOutpoint({ txid, index: 0x0201 })
    expect(filter.containsOutpoint({ txid, index: 0x0201 })).toBe(true)
    expect(filter.contains(Uint8Array.from([...txid, 1, 2, 0, 0]))).toBe(true)
    expect(filter.containsOutpoint({ txid, index: 0x0102 })).toBe(false)
    expect(() => filter.insertOutpoint({ txid: txid.subarray(1), index: 0 })).toThrow(TypeError)
  })
})

describe('a filter without bytes', () => {
  it('contains everything, takes nothing in, matches every transaction (CVE-2013-5700)', () => {
    const filter = withoutBytes()
    filter.insert(Uint8Array.of(1))
    filter.insertOutpoint({ txid: new Uint8Array(32), index: 0 })
    expect(filter.contains(Uint8Array.of(2))).toBe(true)
    expect(filter.matchAndUpdate(sampleTransaction())).toBe(true)
    expect(filter.toMessage()).toEqual({
      command: 'filterload',
      filter: new Uint8Array(0),
      hashFunctions: 5,
      tweak: 0,
      flags: 1,
    })
  })
})

describe('a filter without hash functions', () => {
  it('contains everything too', () => {
    const filter = new BloomFilter({ filter: new Uint8Array(4), hashFunctions: 0, tweak: 0, flags: 0 })
    expect(filter.contains(Uint8Array.of(1))).toBe(true)
  })
})

describe('matchAndUpdate', () => {
  const keyHash = new Uint8Array(20).fill(0xab)
  const key = Uint8Array.from([2, ...new Uint8Array(32).fill(0x11)])
  const signature = new Uint8Array(71).fill(0x30)
  const p2pkh = Uint8Array.from([0x76, 0xa9, 20, ...keyHash, 0x88, 0xac])
  const p2pk = Uint8Array.from([33, ...key, 0xac])
  const multisig = Uint8Array.from([0x51, 33, ...key, 0x51, 0xae])
  const spent = { txid: new Uint8Array(32).fill(0xcc), index: 3 }
  const tx = sampleTransaction({
    inputs: [
      {},
      { outpoint: spent, scriptSig: Uint8Array.from([71, ...signature]), witness: [keyHash.fill(0xab)] },
    ],
    scripts: [Uint8Array.of(0x51), p2pkh],
  })
  const outpoint = (of: Transaction, index: number) => ({ txid: of.txid, index })

  it.each<[string, Uint8Array]>([
    ['the txid', tx.txid],
    ['a push of an output script', keyHash],
    ['an outpoint that is spent', Uint8Array.from([...spent.txid, 3, 0, 0, 0])],
    ['a push of an input script', signature],
  ])('matches %s', (_, element) => {
    expect(filterOf(BloomUpdate.none, element).matchAndUpdate(tx)).toBe(true)
  })

  it('matches nothing else', () => {
    const foreign = [
      Uint8Array.from([...spent.txid, 4, 0, 0, 0]),
      p2pkh,
      tx.wtxid,
      Uint8Array.of(0x51),
      new Uint8Array(0),
    ]
    expect(filterOf(BloomUpdate.all, ...foreign).matchAndUpdate(tx)).toBe(false)
  })

  it('never looks at the witness', () => {
    const witness = new Uint8Array(33).fill(9)
    const segwit = sampleTransaction({ inputs: [{ witness: [witness] }] })
    expect(filterOf(BloomUpdate.all, witness).matchAndUpdate(segwit)).toBe(false)
  })

  it('looks at pushes before a fault of the script', () => {
    const broken = sampleTransaction({ scripts: [Uint8Array.from([20, ...keyHash, 0x4c])] })
    expect(filterOf(BloomUpdate.none, keyHash).matchAndUpdate(broken)).toBe(true)
  })

  const paid = sampleTransaction({ scripts: [p2pkh, p2pk, multisig, Uint8Array.of(0x51)] })
  it.each([
    ['none', BloomUpdate.none, []],
    ['all', BloomUpdate.all, [0, 1, 2]],
    ['publicKeyOnly', BloomUpdate.publicKeyOnly, [1, 2]],
    ['all, with unknown bits', 0xfd, [0, 1, 2]],
    ['3, which means nothing', 3, []],
  ])('adds outpoints of matching outputs: %s', (_, flags, indexes) => {
    const filter = filterOf(flags, keyHash, key)
    expect(filter.matchAndUpdate(paid)).toBe(true)
    expect([0, 1, 2, 3].filter(index => filter.containsOutpoint(outpoint(paid, index)))).toEqual(indexes)
  })

  it('adds them even where the txid matched already', () => {
    const filter = filterOf(BloomUpdate.all, paid.txid, keyHash)
    expect(filter.matchAndUpdate(paid)).toBe(true)
    expect(filter.containsOutpoint(outpoint(paid, 0))).toBe(true)
  })

  it('adds none where only an input matched', () => {
    const filter = filterOf(BloomUpdate.all, signature)
    const before = bytesToHex(filter.filter)
    expect(filter.matchAndUpdate(tx)).toBe(true)
    expect(bytesToHex(filter.filter)).toBe(before)
  })

  it('then matches the spending transaction', () => {
    const filter = filterOf(BloomUpdate.all, keyHash)
    const spending = sampleTransaction({ inputs: [{ outpoint: outpoint(paid, 0) }] })
    expect(filter.matchAndUpdate(spending)).toBe(false)
    expect(filter.matchAndUpdate(paid)).toBe(true)
    expect(filter.matchAndUpdate(spending)).toBe(true)
  })

  it('never misses a txid, and throws for no transaction', () => {
    fc.assert(
      fc.property(transaction, fc.nat(3), (any, flags) => {
        expect(filterOf(flags, any.txid).matchAndUpdate(any)).toBe(true)
      }),
    )
  })

  it('goes through a block in order', () => {
    fc.assert(
      fc.property(
        anyBlock.filter(one => one.transactions.length > 0),
        block => {
          const filter = withoutBytes()
          const { transactions } = filterBlock(block, one => filter.matchAndUpdate(one))
          expect(transactions).toHaveLength(block.transactions.length)
        },
      ),
    )
  })
})

interface Sizing {
  elements: number
  falsePositiveRate: number
  tweak: number
  flags: number
}
interface Vectors {
  createAndSerialize: (Sizing & {
    insert: string[]
    filterload: string
    contains: string[]
    notContains: string[]
  })[]
  transactions: [string, string] | []
  txMatch: {
    filter: Sizing
    cases: { insert: string; tx: number; match: boolean; note: string; thenMatchesSpendingTx?: boolean }[]
  }
  blocks: { [hash: string]: string }
  merkleBlocks: {
    block: string
    filter: Sizing
    steps: {
      insert: string[]
      matched: [number, string][]
      merkleblock: string
      filterAfter: string
      outpointsContained?: { [outpoint: string]: boolean }
    }[]
  }[]
}

describeVectors('the bloom filters of Core', () => {
  const none: Sizing = { elements: 1, falsePositiveRate: 0.5, tweak: 0, flags: 0 }
  const vectors = vectorJson<Vectors>('bip37/bloom.json', {
    createAndSerialize: [],
    transactions: [],
    txMatch: { filter: none, cases: [] },
    blocks: {},
    merkleBlocks: [],
  })
  const payload = (filter: BloomFilter) => bytesToHex(encodeMessage(filter.toMessage()))

  it.each(vectors.createAndSerialize)('serialises $filterload', row => {
    const filter = BloomFilter.create(row)
    for (const element of row.insert) filter.insert(hexToBytes(element))
    expect(payload(filter)).toBe(row.filterload)
    expect(row.contains.map(element => filter.contains(hexToBytes(element)))).toEqual(
      row.contains.map(() => true),
    )
    expect(row.notContains.map(element => filter.contains(hexToBytes(element)))).toEqual(
      row.notContains.map(() => false),
    )
  })

  it.each(vectors.txMatch.cases)('answers $match for $insert: $note', row => {
    const transactions = vectors.transactions.map(hex => Transaction.decode(hexToBytes(hex)))
    const filter = BloomFilter.create(vectors.txMatch.filter)
    filter.insert(hexToBytes(row.insert))
    expect(filter.matchAndUpdate(transactions[row.tx]!)).toBe(row.match)
    if (row.thenMatchesSpendingTx) expect(filter.matchAndUpdate(transactions[1]!)).toBe(true)
  })

  it.each(vectors.merkleBlocks.map((row, n) => ({ ...row, n })))('filters block $n, $block', row => {
    const block = Block.decode(hexToBytes(vectors.blocks[row.block]!))
    expect(toHex(block.hash)).toBe(row.block)
    const filter = BloomFilter.create(row.filter)
    for (const step of row.steps) {
      for (const element of step.insert) filter.insert(hexToBytes(element))
      const { merkleBlock } = filterBlock(block, tx => filter.matchAndUpdate(tx))
      expect(bytesToHex(encodeMessage(merkleBlock))).toBe(step.merkleblock)
      expect(verifyMerkleBlock(merkleBlock).map(({ index, txid }) => [index, toHex(txid)])).toEqual(
        step.matched,
      )
      expect(payload(filter)).toBe(step.filterAfter)
      for (const [outpoint, contained] of Object.entries(step.outpointsContained ?? {})) {
        expect(filter.contains(hexToBytes(outpoint))).toBe(contained)
      }
    }
  })
})
