import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Difficulty } from '../../src/requests/difficulty.js'
import { HeaderChain } from '../../src/requests/header-chain.js'
import { PackedBranch } from '../../src/requests/packed-branch.js'
import { bitsAt, PackedHeaders } from '../../src/requests/packed-headers.js'
import { type Hash, sha256d, zeroHash } from '../../src/wire/hash.js'
import { BlockHeader } from '../../src/wire/header.js'
import { toHex } from '../../src/wire/hex.js'
import { MAX_HEADERS } from '../../src/wire/limits.js'
import { regtest } from '../../src/wire/network.js'
import { bitsToTarget, checkProofOfWork, headerWork, targetToBits } from '../../src/wire/work.js'

const EASY = 0x207f_ffff

const make = (previousBlock: Hash, nonce: number, bits = EASY): BlockHeader =>
  BlockHeader.from({ version: 1, previousBlock, merkleRoot: zeroHash, time: 1, bits, nonce })

/** Headers that follow each other; they need not have their work. */
function linked(length: number, nonce = 0): BlockHeader[] {
  const headers: BlockHeader[] = []
  for (let i = 0; i < length; i += 1) headers.push(make(headers.at(-1)?.hash ?? zeroHash, nonce + i))
  return headers
}

/** Headers with work that follow a hash. */
function mined(length: number, previous: Hash, nonce: number): BlockHeader[] {
  const headers: BlockHeader[] = []
  for (let i = nonce; headers.length < length; i += 1) {
    const header = make(headers.at(-1)?.hash ?? previous, i)
    if (checkProofOfWork(header, { limit: regtest.powLimit })) headers.push(header)
  }
  return headers
}

const hashesOf = (headers: readonly BlockHeader[]) => headers.map(({ hash }) => toHex(hash))

/** What a run says, header by header. */
function told(run: PackedHeaders): readonly string[] {
  const alone = Array.from({ length: run.length }, (_, i) => toHex(run.hashAt(i)))
  expect(run.hashes).toHaveLength(32 * run.length)
  const together = Array.from({ length: run.length }, (_, i) => toHex(run.hashAt(i)))
  expect(together).toEqual(alone)
  return together
}

describe('PackedHeaders', () => {
  it.each([0, 1, 2, 3, 5, MAX_HEADERS, MAX_HEADERS + 1])(
    'says of %i headers what each says of itself',
    length => {
      const headers = linked(length)
      const run = PackedHeaders.of(headers)
      expect(run.length).toBe(length)
      expect(told(run)).toEqual(hashesOf(headers))
      expect(run.brokenAt()).toBe(length)
      for (const i of [0, length - 1].filter(index => index >= 0 && index < length)) {
        expect(run.at(i).bytes).toEqual(headers[i]?.bytes)
        expect(run.previousAt(i)).toEqual(headers[i]?.previousBlock)
        expect(bitsAt(run.bytes, i)).toBe(EASY)
      }
      run.release()
    },
  )

  it('finds the first header that does not follow, wherever its reference differs', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 31 }),
        fc.nat(255),
        (at, byte, value) => {
          const headers = linked(9)
          const bytes = headers[at]?.bytes ?? new Uint8Array(80)
          const before = bytes[4 + byte]
          bytes[4 + byte] = value
          const run = PackedHeaders.of(headers)
          // What it is changed to changes its own hash too: the one behind it does not follow either.
          expect(run.brokenAt()).toBe(value === before ? 9 : at)
          run.release()
        },
      ),
    )
  })

  it('is cut and continued', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), fc.nat(6), fc.boolean(), (first, second, cut, hashed) => {
        const all = linked(first + second)
        const [a, b] = [PackedHeaders.of(all.slice(0, first)), PackedHeaders.of(all.slice(first))]
        const both = a.followedBy(b)
        if (hashed) expect(both.hashes).toHaveLength(32 * all.length)
        expect(told(both.from(Math.min(cut, all.length)))).toEqual(hashesOf(all.slice(cut)))
        a.release()
        b.release()
      }),
    )
  })

  it('has memory of its own until it is released', () => {
    const [first, second] = [linked(5, 0), linked(5, 100)]
    const a = PackedHeaders.of(first)
    const b = PackedHeaders.of(second)
    const [branch, rest] = [new PackedBranch(a, 1n), a.from(1)]
    expect([told(a), told(b)]).toEqual([hashesOf(first), hashesOf(second)])
    a.release()
    a.release()
    const c = PackedHeaders.of(linked(5, 200))
    const d = PackedHeaders.of(linked(5, 300))
    expect(told(d)).toEqual(hashesOf(linked(5, 300)))
    expect(told(c)).toEqual(hashesOf(linked(5, 200)))
    expect(told(b)).toEqual(hashesOf(second))
    expect(told(branch.run)).toEqual(hashesOf(first))
    expect(told(rest)).toEqual(hashesOf(first.slice(1)))
    for (const run of [b, c, d]) run.release()
  })

  it('wants as many headers as the list says that it has', () => {
    const list = {
      length: 3,
      at: (i: number) => linked(2).at(i),
      [Symbol.iterator]: () => linked(2).values(),
    }
    expect(() => PackedHeaders.of(list)).toThrow(TypeError)
  })
})

describe('Difficulty', () => {
  const bits = fc.oneof(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc
      .tuple(fc.integer({ min: 0, max: 36 }), fc.nat(0xff_ffff))
      .map(([size, word]) => size * 0x100_0000 + word),
  )

  it('judges as checkProofOfWork does', () => {
    fc.assert(
      fc.property(bits, fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(32), (word, hash, zeros) => {
        hash.fill(0, 32 - zeros)
        const header = make(zeroHash, 0, word)
        const limit = regtest.powLimit
        const difficulty = new Difficulty(limit)
        const padded = new Uint8Array(40)
        padded.set(hash, 8)
        const expected = checkProofOfWork(header, { limit, hash: () => hash })
        expect(difficulty.isMet(word, padded, 8)).toBe(expected)
        expect(difficulty.work(word)).toBe(headerWork(header))
      }),
      { numRuns: 1_000 },
    )
  })

  it('lets a hash meet a target that it is, and no smaller one', () => {
    const target = bitsToTarget(0x1d00_ffff) ?? 0n
    const at = (value: bigint) =>
      Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
    const judge = (value: bigint) => new Difficulty(target).isMet(0x1d00_ffff, at(value), 0)
    expect([target - 1n, target, target + 1n].map(judge)).toEqual([true, true, false])
  })

  it('allows a target that is the limit, and none above', () => {
    const limit = bitsToTarget(0x1d00_ffff) ?? 0n
    const above = targetToBits(2n * limit)
    expect(new Difficulty(limit).isMet(0x1d00_ffff, zeroHash, 0)).toBe(true)
    expect(new Difficulty(limit).isMet(above, zeroHash, 0)).toBe(false)
    expect(new Difficulty().isMet(above, zeroHash, 0)).toBe(true)
  })

  it('adds up what headers have', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(EASY, 0x1d00_ffff, 0x1b04_864c, 0), { maxLength: 12 }),
        fc.nat(12),
        (all, from) => {
          const headers = all.map((word, i) => make(zeroHash, i, word))
          const run = PackedHeaders.of(headers)
          const expected = headers.slice(from).reduce((sum, header) => sum + headerWork(header), 0n)
          expect(new Difficulty().workOf(run.bytes, from, run.length)).toBe(expected)
          run.release()
        },
      ),
    )
  })
})

describe('HeaderChain', () => {
  it('is not confused by a hash of a user that adds to chains itself', () => {
    const headers = mined(4, regtest.genesis.hash, 0)
    const others = mined(4, regtest.genesis.hash, 1_000)
    const seen: string[] = []
    const chain = new HeaderChain(regtest, {
      powHash: header => {
        const other = new HeaderChain(regtest)
        other.add(others)
        expect(toHex(other.tip.hash)).toBe(toHex(others.at(-1)?.hash ?? zeroHash))
        seen.push(toHex(header.hash))
        return sha256d(header.bytes)
      },
    })
    expect(chain.add(headers)).toEqual({ added: 4, replaced: 0 })
    expect(seen).toEqual(hashesOf(headers))
    expect(toHex(chain.tip.hash)).toBe(toHex(headers.at(-1)?.hash ?? zeroHash))
  })

  it('keeps what a user keeps of it, whatever is added behind', () => {
    const chain = new HeaderChain(regtest)
    const headers = mined(4, regtest.genesis.hash, 0)
    chain.add(headers)
    const { branch } = chain.add(mined(3, regtest.genesis.hash, 5_000))
    const kept = branch?.headers.map(({ hash }) => toHex(hash))
    chain.add(mined(3, headers[3]?.hash ?? zeroHash, 9_000))
    expect(branch?.headers.map(({ hash }) => toHex(hash))).toEqual(kept)
    expect(kept).toHaveLength(3)
  })
})
