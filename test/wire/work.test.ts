import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { BlockHeader } from '../../src/wire/header.js'
import { fromHex } from '../../src/wire/hex.js'
import { mainnet, networks, regtest, signet } from '../../src/wire/network.js'
import {
  bitsToTarget,
  checkProofOfWork,
  decodeBits,
  hashToNumber,
  headerWork,
  targetToBits,
  targetToWork,
} from '../../src/wire/work.js'
import * as arbitraries from '../support/arbitraries.js'
import { describeVectors, vectorJson } from '../support/vectors.js'

// The facts are those of Core's arith_uint256 tests.
it.each<[bits: number, value: bigint, negative: boolean, overflow: boolean, again: number]>([
  [0x00000000, 0n, false, false, 0],
  [0x00123456, 0n, false, false, 0],
  [0x01003456, 0n, false, false, 0],
  [0x02000056, 0n, false, false, 0],
  [0x03000000, 0n, false, false, 0],
  [0x04000000, 0n, false, false, 0],
  [0x00923456, 0n, false, false, 0],
  [0x01803456, 0n, false, false, 0],
  [0x04800000, 0n, false, false, 0],
  [0x01123456, 0x12n, false, false, 0x01120000],
  [0x01fedcba, 0x7en, true, false, 0x017e0000],
  [0x02123456, 0x1234n, false, false, 0x02123400],
  [0x02008000, 0x80n, false, false, 0x02008000],
  [0x03123456, 0x123456n, false, false, 0x03123456],
  [0x04123456, 0x12345600n, false, false, 0x04123456],
  [0x04923456, 0x12345600n, true, false, 0x04123456],
  [0x05009234, 0x92340000n, false, false, 0x05009234],
  [0x20123456, 0x123456n << 232n, false, false, 0x20123456],
  [0x1d00ffff, 0xffffn << 208n, false, false, 0x1d00ffff],
])('bits %i', (bits, value, negative, overflow, again) => {
  expect(decodeBits(bits)).toEqual({ value, negative, overflow })
  expect(bitsToTarget(bits)).toBe(negative || value === 0n ? undefined : value)
  expect(targetToBits(value)).toBe(again)
})

describe('targets above 256 bits', () => {
  it.each<[number, boolean]>([
    [0xff123456, true],
    [0x23000001, true],
    [0x22000001, false],
    [0x220000ff, false],
    [0x22000100, true],
    [0x2100ffff, false],
    [0x21010000, true],
    [0x207fffff, false],
    [0xff000000, false],
    [0xff800000, false],
  ])('bits %i', (bits, overflow) => {
    expect(decodeBits(bits).overflow).toBe(overflow)
    const fits = !overflow && (bits & 0x7fffff) !== 0
    expect(bitsToTarget(bits) !== undefined).toBe(fits)
    if (fits) expect(bitsToTarget(bits)! < 1n << 256n).toBe(true)
  })
})

describe('a target as bits', () => {
  it.each([
    [0x7fn, 0x017f0000],
    [0x80n, 0x02008000],
    [0xffn, 0x0200ff00],
    [0x8000n, 0x03008000],
    [0x800000n, 0x04008000],
    [(1n << 224n) - 1n, 0x1d00ffff],
    [(1n << 255n) - 1n, 0x207fffff],
    [(1n << 256n) - 1n, 0x2100ffff],
  ])('%s', (target, bits) => {
    expect(targetToBits(target)).toBe(bits)
  })

  it.each([-1n, 1n << 256n])('%s is none', target => {
    expect(() => targetToBits(target)).toThrow(TypeError)
  })

  test('what bits can say comes back, and cutting never makes a target larger', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: (1n << 256n) - 1n }), target => {
        const bits = targetToBits(target)
        const cut = bitsToTarget(bits)!
        expect(cut <= target).toBe(true)
        expect((target - cut) * 0x8000n <= target).toBe(true)
        expect(targetToBits(cut)).toBe(bits)
      }),
    )
  })

  test('any 32 bits are a target or none', () => {
    fc.assert(
      fc.property(arbitraries.u32, bits => {
        const target = bitsToTarget(bits)
        if (target !== undefined) {
          expect(target > 0n && target < 1n << 256n).toBe(true)
          expect(bitsToTarget(targetToBits(target))).toBe(target)
        }
      }),
    )
  })
})

const withBits = (bits: number, nonce = 0) =>
  BlockHeader.from({
    version: 1,
    previousBlock: new Uint8Array(32),
    merkleRoot: new Uint8Array(32),
    time: 0,
    bits,
    nonce,
  })

describe('proof of work', () => {
  it.each(Object.values(networks))('of the first block of $name', ({ genesis, powLimit }) => {
    expect(checkProofOfWork(genesis, { limit: powLimit })).toBe(true)
    // Its target is the easiest one that bits can say below the limit.
    expect(bitsToTarget(genesis.bits)).toBe(bitsToTarget(targetToBits(powLimit)))
    expect(checkProofOfWork(genesis, { limit: bitsToTarget(genesis.bits)! })).toBe(true)
    expect(checkProofOfWork(genesis, { limit: bitsToTarget(genesis.bits)! - 1n })).toBe(false)
  })

  it('a target that is too easy does not count', () => {
    expect(checkProofOfWork(regtest.genesis, { limit: mainnet.powLimit })).toBe(false)
  })

  it('a hash above the target does not count', () => {
    const changed = BlockHeader.from({
      version: 1,
      previousBlock: mainnet.genesis.previousBlock,
      merkleRoot: mainnet.genesis.merkleRoot,
      time: mainnet.genesis.time,
      bits: mainnet.genesis.bits,
      nonce: mainnet.genesis.nonce + 1,
    })
    expect(checkProofOfWork(changed, { limit: mainnet.powLimit })).toBe(false)
  })

  it.each([
    ['negative', 0x04923456],
    ['zero', 0x1d000000],
    ['above 256 bits', 0xff123456],
  ])('a target that is %s is met by nothing', (_, bits) => {
    const rules = { limit: (1n << 256n) - 1n, hash: () => new Uint8Array(32) }
    expect(checkProofOfWork(withBits(bits), rules)).toBe(false)
    expect(checkProofOfWork(withBits(0x207fffff), rules)).toBe(true)
  })

  it('another chain brings its own hash, which may equal the target and not be above it', () => {
    const target = bitsToTarget(0x1d00ffff)!
    const hashOf = (value: bigint) => () => fromHex(value.toString(16).padStart(64, '0'))
    const limit = mainnet.powLimit
    const header = withBits(0x1d00ffff)
    expect(checkProofOfWork(header, { limit })).toBe(false)
    expect(checkProofOfWork(header, { limit, hash: hashOf(target) })).toBe(true)
    expect(checkProofOfWork(header, { limit, hash: hashOf(target + 1n) })).toBe(false)
    let seen: BlockHeader | undefined
    checkProofOfWork(header, {
      limit,
      hash: each => {
        seen = each
        return each.hash
      },
    })
    expect(seen).toBe(header)
  })
})

test('a hash is a little-endian number', () => {
  expect(hashToNumber(fromHex(`${'00'.repeat(30)}0102`))).toBe(0x0102n)
  expect(hashToNumber(new Uint8Array(32).fill(0xff))).toBe((1n << 256n) - 1n)
})

test('work', () => {
  // The chain work that every explorer shows for the first block, and BIP-less arithmetic at the ends.
  expect(headerWork(mainnet.genesis)).toBe(0x100010001n)
  expect(headerWork(regtest.genesis)).toBe(2n)
  expect(targetToWork((1n << 256n) - 1n)).toBe(1n)
  expect(targetToWork(1n)).toBe(1n << 255n)
  expect(headerWork(withBits(0x04923456))).toBe(0n)
  expect(headerWork(withBits(0))).toBe(0n)
})

test('limits of the networks', () => {
  expect(mainnet.powLimit).toBe(0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffn)
  expect(regtest.powLimit).toBe((1n << 255n) - 1n)
  // Signet's limit is just what its first header says.
  expect(signet.powLimit).toBe(bitsToTarget(0x1e0377ae))
})

describeVectors('headers of real blocks', () => {
  interface Row {
    readonly file: string
    readonly header: {
      readonly version: number
      readonly prev: string
      readonly merkleRoot: string
      readonly time: number
      readonly bits: number
      readonly nonce: number
    }
  }
  const rows = vectorJson<readonly Row[]>('blocks/index.json', [])

  it.each(rows)('$file', ({ header: { prev, merkleRoot, ...rest } }) => {
    const fields = { ...rest, previousBlock: fromHex(prev), merkleRoot: fromHex(merkleRoot) }
    const header = BlockHeader.from(fields)
    expect(checkProofOfWork(header, { limit: mainnet.powLimit })).toBe(true)
    expect(targetToBits(bitsToTarget(header.bits)!)).toBe(header.bits)
    const other = BlockHeader.from({ ...fields, nonce: (rest.nonce + 1) % 2 ** 32 })
    expect(checkProofOfWork(other, { limit: mainnet.powLimit })).toBe(false)
  })
})
