import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Block } from '../../src/wire/block.js'
import { sha256d, zeroHash } from '../../src/wire/hash.js'
import { bytesToHex, hexToBytes, toHex } from '../../src/wire/hex.js'
import {
  checkMerkleRoot,
  checkWitnessCommitment,
  merkleRoot,
  type WitnessState,
  witnessCommitment,
  witnessMerkleRoot,
  witnessState,
} from '../../src/wire/merkle.js'
import { Transaction } from '../../src/wire/transaction.js'
import { hash } from '../support/arbitraries.js'
import { committedBlock, sampleBlock, sampleCoinbase, sampleTransaction } from '../support/samples.js'
import { describeVectors, vectorBytes, vectorJson } from '../support/vectors.js'

const leaf = (n: number) => new Uint8Array(32).fill(n)
const both = (left: Uint8Array, right: Uint8Array) => sha256d(Uint8Array.from([...left, ...right]))

/** The definition: every odd row repeats its last hash. */
function definition(row: readonly Uint8Array[]): Uint8Array {
  const [first = zeroHash] = row
  if (row.length <= 1) return first
  const above: Uint8Array[] = []
  for (let i = 0; i < row.length; i += 2) above.push(both(row[i]!, row[i + 1] ?? row[i]!))
  return definition(above)
}

describe('merkleRoot', () => {
  it('of nothing is zero, of one hash that hash', () => {
    expect(merkleRoot([])).toEqual({ root: zeroHash, mutated: false })
    expect(merkleRoot([leaf(7)])).toEqual({ root: leaf(7), mutated: false })
  })

  it('repeats the last hash of an odd row', () => {
    const expected = both(both(leaf(1), leaf(2)), both(leaf(3), leaf(3)))
    expect(merkleRoot([leaf(1), leaf(2), leaf(3)])).toEqual({ root: expected, mutated: false })
  })

  it('keeps the hashes it is given', () => {
    const leaves = [leaf(1), leaf(2), leaf(3)]
    const { root } = merkleRoot(leaves)
    root.fill(0)
    expect(leaves).toEqual([leaf(1), leaf(2), leaf(3)])
    const [one] = [leaf(9)]
    merkleRoot([one]).root.fill(0)
    expect(one).toEqual(leaf(9))
  })

  it('agrees with the definition, and sees no mutation among different hashes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hash, { minLength: 1, maxLength: 40, selector: bytesToHex }), hashes => {
        expect(merkleRoot(hashes)).toEqual({ root: definition(hashes), mutated: false })
      }),
    )
  })

  it('sees a repeated end, at every row (CVE-2012-2459)', () => {
    const six = [1, 2, 3, 4, 5, 6].map(leaf)
    const honest = merkleRoot(six)
    expect(merkleRoot([...six, leaf(5), leaf(6)])).toEqual({ root: honest.root, mutated: true })
    const three = [1, 2, 3].map(leaf)
    expect(merkleRoot([...three, leaf(3)])).toEqual({ root: merkleRoot(three).root, mutated: true })
  })
})

describe('checkMerkleRoot', () => {
  const transactions = [sampleCoinbase(), sampleTransaction(), sampleTransaction({ lockTime: 5 })]
  const block = sampleBlock(transactions)

  it('accepts the transactions that the header commits to', () => {
    expect(block.txids()).toEqual(transactions.map(tx => tx.txid))
    expect(checkMerkleRoot(block)).toBe(true)
  })

  it('refuses others, and a block without any', () => {
    expect(checkMerkleRoot(Block.from(block.header, transactions.slice(0, 2)))).toBe(false)
    expect(checkMerkleRoot(Block.from(block.header, []))).toBe(false)
  })

  it('refuses a repeated transaction although the root is the same', () => {
    const [, , last] = transactions
    const mutated = Block.from(block.header, [...transactions, last!])
    expect(merkleRoot(mutated.txids()).root).toEqual(block.header.merkleRoot)
    expect(checkMerkleRoot(mutated)).toBe(false)
  })
})

describe('the witness commitment', () => {
  const reserved = leaf(0)
  const spend = sampleTransaction({ inputs: [{ witness: [Uint8Array.of(1, 2, 3)] }] })
  const start = '6a24aa21a9ed'
  const script = (hex: string) => hexToBytes(hex)
  const commitment = both(both(zeroHash, spend.wtxid), reserved)
  const commit = script(start + bytesToHex(commitment))
  const block = (scripts: readonly Uint8Array[], stack: readonly Uint8Array[] | undefined = [reserved]) =>
    sampleBlock([sampleCoinbase(scripts, stack), spend])

  it('counts the coinbase as zero', () => {
    expect(witnessMerkleRoot(block([commit]))).toEqual(both(zeroHash, spend.wtxid))
  })

  it('is found and holds', () => {
    expect(witnessCommitment(block([commit]))).toEqual(commitment)
    expect(checkWitnessCommitment(block([commit]))).toBe(true)
  })

  it('is the last of several, with or without something behind', () => {
    const other = script(start + 'ee'.repeat(32))
    const longer = script(`${start}${bytesToHex(commitment)}beef`)
    expect(checkWitnessCommitment(block([other, script('51'), longer]))).toBe(true)
    expect(witnessCommitment(block([commit, other]))).toEqual(leaf(0xee))
    expect(checkWitnessCommitment(block([commit, other]))).toBe(false)
  })

  it.each([
    ['is too short', `${start}${'ee'.repeat(31)}`],
    ['has another start', `6a24aa21a9ee${'ee'.repeat(32)}`],
    ['is no OP_RETURN', `6b24aa21a9ed${'ee'.repeat(32)}`],
  ])('is absent where the script %s', (_, hex) => {
    expect(witnessCommitment(block([script(hex)]))).toBeUndefined()
  })

  it('absent: holds for a block without witness only', () => {
    expect(checkWitnessCommitment(block([], []))).toBe(false)
    expect(checkWitnessCommitment(sampleBlock([sampleCoinbase(), sampleTransaction()]))).toBe(true)
    expect(witnessCommitment(sampleBlock([]))).toBeUndefined()
    expect(checkWitnessCommitment(sampleBlock([]))).toBe(true)
  })

  it.each<[string, readonly Uint8Array[]]>([
    ['no reserved value', []],
    ['two of them', [reserved, reserved]],
    ['one of 31 bytes', [new Uint8Array(31)]],
    ['another one', [leaf(1)]],
  ])('fails with %s', (_, stack) => {
    expect(checkWitnessCommitment(block([commit], stack))).toBe(false)
  })

  it('fails where a witness was changed', () => {
    const changed = sampleTransaction({ inputs: [{ witness: [Uint8Array.of(1, 2, 4)] }] })
    const coinbase = sampleCoinbase([commit], [reserved])
    expect(changed.txid).toEqual(spend.txid)
    expect(checkWitnessCommitment(sampleBlock([coinbase, changed]))).toBe(false)
  })
})

describe('witnessState', () => {
  const signed = sampleTransaction({ inputs: [{ witness: [Uint8Array.of(1)] }] })
  const other = sampleTransaction({ inputs: [{ witness: [Uint8Array.of(2)] }] })
  const committed = committedBlock([signed, sampleTransaction()])
  const coinbase = committed.transactions.at(0)!
  const bare = (tx: Transaction) => Transaction.decode(tx.stripped)
  const rest = committed.transactions.at(2)!

  it.each<[WitnessState, string, Block]>([
    ['none', 'no witness', sampleBlock([sampleCoinbase(), sampleTransaction()])],
    ['none', 'no transaction', sampleBlock([])],
    ['none', 'a witness that was left out', sampleBlock([sampleCoinbase(), bare(signed)])],
    ['committed', 'what the coinbase says', committed],
    ['committed', 'only the reserved value', committedBlock([sampleTransaction()])],
    ['stripped', 'the form without witness', Block.decode(committed.stripped)],
    ['mismatched', 'another witness', Block.from(committed.header, [coinbase, other, rest])],
    ['mismatched', 'no witness but the reserved value', sampleBlock([coinbase, bare(signed), rest])],
    ['mismatched', 'no reserved value', sampleBlock([bare(coinbase), signed, rest])],
    ['uncommitted', 'a witness and nothing else', sampleBlock([sampleCoinbase(), signed])],
    ['uncommitted', 'a witness of the coinbase', sampleBlock([sampleCoinbase([], [leaf(0)])])],
  ])('%s: %s', (state, _, block) => {
    expect(witnessState(block)).toBe(state)
    expect(checkWitnessCommitment(block)).toBe(state === 'none' || state === 'committed')
    expect(block.hasWitness).toBe(state !== 'none' && state !== 'stripped')
  })
})

describeVectors('real blocks', () => {
  const index = vectorJson<
    { file: string; header: { merkleRoot: string }; witnessCommitment: string | null }[]
  >('blocks/index.json', [])

  it.each(index)('$file has its merkle root and witness commitment', row => {
    const block = Block.decode(vectorBytes(row.file))
    expect(toHex(merkleRoot(block.txids()).root)).toBe(row.header.merkleRoot)
    expect(checkMerkleRoot(block)).toBe(true)
    const found = witnessCommitment(block)
    expect(found === undefined ? null : bytesToHex(found)).toBe(row.witnessCommitment)
    expect(checkWitnessCommitment(block)).toBe(true)
    expect(witnessState(block)).toBe(found === undefined ? 'none' : 'committed')
    expect(witnessState(Block.decode(block.stripped))).toBe(found === undefined ? 'none' : 'stripped')
  })
})
