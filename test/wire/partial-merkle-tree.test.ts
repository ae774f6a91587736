import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireError } from '../../src/wire/error.js'
import { sha256d } from '../../src/wire/hash.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { merkleRoot } from '../../src/wire/merkle.js'
import {
  buildPartialMerkleTree,
  type PartialMerkleTree,
  verifyPartialMerkleTree,
} from '../../src/wire/partial-merkle-tree.js'
import { hash } from '../support/arbitraries.js'
import { describeVectors, vectorJson } from '../support/vectors.js'
import { wireErrorOf } from '../support/wire.js'

const txid = (n: number) => sha256d(Uint8Array.of(n >> 8, n))
const txids = (count: number) => Array.from({ length: count }, (_, n) => txid(n))
const both = (left: Uint8Array, right: Uint8Array) => sha256d(Uint8Array.from([...left, ...right]))

/** Five transactions of which the fourth matches: root 1, left 1, its left 0, its right 1, leaves 0 1, right 0. */
const five = txids(5)
const tree = buildPartialMerkleTree(five, index => index === 3)
const [t0, t1, t2, t3, t4] = five as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]

describe('buildPartialMerkleTree', () => {
  it('writes hashes and flags depth first, lowest bit first', () => {
    const right = both(both(t4, t4), both(t4, t4))
    expect(tree).toEqual({
      totalTransactions: 5,
      hashes: [both(t0, t1), t2, t3, right],
      flags: Uint8Array.of(0b0010_1011),
    })
  })

  it('without matches is the root and one zero bit', () => {
    expect(buildPartialMerkleTree(five, () => false)).toEqual({
      totalTransactions: 5,
      hashes: [merkleRoot(five).root],
      flags: Uint8Array.of(0),
    })
  })

  it('asks once for each transaction, in order', () => {
    const asked: number[] = []
    buildPartialMerkleTree(five, index => asked.push(index) > 2)
    expect(asked).toEqual([0, 1, 2, 3, 4])
  })

  it('refuses an empty list', () => {
    expect(() => buildPartialMerkleTree([], () => true)).toThrow(TypeError)
  })
})

describe('verifyPartialMerkleTree', () => {
  it('proves the root and exactly the matches of any tree', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 70 }),
        fc.nat(0xffff),
        (matched, salt) => {
          const all = matched.map((_, n) => txid(n ^ salt))
          const built = buildPartialMerkleTree(all, index => matched[index] === true)
          expect(verifyPartialMerkleTree(built)).toEqual({
            root: merkleRoot(all).root,
            matches: all.map((id, index) => ({ index, txid: id })).filter(({ index }) => matched[index]),
          })
        },
      ),
    )
  })

  it('ignores the padding of the last flag byte', () => {
    const padded = { ...tree, flags: Uint8Array.of(tree.flags[0]! | 0x80) }
    expect(verifyPartialMerkleTree(padded)).toEqual(verifyPartialMerkleTree(tree))
  })

  const refused: [string, Partial<PartialMerkleTree>][] = [
    ['no transaction', { totalTransactions: 0 }],
    [
      'more transactions than a block holds',
      { totalTransactions: 16_667, hashes: [t0], flags: Uint8Array.of(0) },
    ],
    ['more hashes than transactions', { totalTransactions: 3 }],
    ['more hashes than flags', { hashes: txids(9), totalTransactions: 9 }],
    ['no flags and no hashes', { hashes: [], flags: new Uint8Array(0) }],
    ['a hash too many', { hashes: [...tree.hashes, t0] }],
    ['a hash too few', { hashes: Array.from(tree.hashes).slice(1) }],
    ['a flag byte too many', { flags: Uint8Array.of(tree.flags[0]!, 0) }],
    ['flags that end too early', { totalTransactions: 16_666, flags: Uint8Array.of(0xff), hashes: [t0] }],
  ]

  it.each(refused)('refuses %s', (_, change) => {
    expect(wireErrorOf(() => verifyPartialMerkleTree({ ...tree, ...change })).code).toBe('bad-merkle-tree')
  })

  it('accepts as many transactions as a block holds', () => {
    const largest = { totalTransactions: 16_666, hashes: [t0], flags: Uint8Array.of(0) }
    expect(verifyPartialMerkleTree(largest)).toEqual({ root: t0, matches: [] })
  })

  it('refuses two equal siblings (CVE-2012-2459): leaves, and inner nodes', () => {
    const leaves = { totalTransactions: 4, hashes: [both(t0, t1), t2, t2], flags: Uint8Array.of(0b10101) }
    expect(wireErrorOf(() => verifyPartialMerkleTree(leaves)).message).toContain('equal siblings')
    const inner = { totalTransactions: 4, hashes: [t0, t0], flags: Uint8Array.of(0b001) }
    expect(wireErrorOf(() => verifyPartialMerkleTree(inner)).message).toContain('equal siblings')
  })

  it('throws nothing but WireError on anything a remote can send', () => {
    const anyTree = fc.record({
      totalTransactions: fc.oneof(fc.nat(40), fc.nat(17_000), fc.constant(0xffff_ffff)),
      hashes: fc.array(hash, { maxLength: 40 }),
      flags: fc.uint8Array({ maxLength: 12 }),
    })
    fc.assert(
      fc.property(anyTree, candidate => {
        try {
          const { root, matches } = verifyPartialMerkleTree(candidate)
          expect(root).toHaveLength(32)
          expect(matches.every(({ index }) => index < candidate.totalTransactions)).toBe(true)
        } catch (error) {
          if (!(error instanceof WireError)) throw error
          expect(error.code).toBe('bad-merkle-tree')
        }
      }),
    )
  })
})

interface Case {
  totalTransactions: number
  hashes: string[]
  flags: string
  valid: boolean
  root: string | null
  matches: [number, string][]
  note: string
}

describeVectors('partial merkle trees by the rules of Core', () => {
  const { cases } = vectorJson<{ cases: Case[] }>('bip37/partial_merkle_tree.json', { cases: [] })

  it('are all there', () => {
    expect(cases).toHaveLength(55)
  })

  it.each(cases.map((row, n) => ({ ...row, n })))('case $n: $note', row => {
    const candidate: PartialMerkleTree = {
      totalTransactions: row.totalTransactions,
      hashes: row.hashes.map(hexToBytes),
      flags: hexToBytes(row.flags),
    }
    if (!row.valid) {
      expect(wireErrorOf(() => verifyPartialMerkleTree(candidate)).code).toBe('bad-merkle-tree')
      return
    }
    const { root, matches } = verifyPartialMerkleTree(candidate)
    expect(bytesToHex(root)).toBe(row.root)
    expect(matches.map(match => [match.index, bytesToHex(match.txid)])).toEqual(row.matches)
    // The txids of these vectors are SHA256d of one counting byte, so that the tree can be built again.
    const all = Array.from({ length: row.totalTransactions }, (_, n) => sha256d(Uint8Array.of(n + 1)))
    const wanted = new Set(row.matches.map(([index]) => index))
    const built = buildPartialMerkleTree(all, index => wanted.has(index))
    expect(Array.from(built.hashes, bytesToHex)).toEqual(row.hashes)
    expect(bytesToHex(built.flags)).toBe(row.flags)
  })
})
