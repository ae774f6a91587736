import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { manySiphashes, siphash24, siphash24Words, sipKey } from '../../src/wire/siphash.js'
import { describeVectors, vectorJson } from '../support/vectors.js'

const key = Uint8Array.from({ length: 16 }, (_, i) => i)
const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i)

const mask = 0xffff_ffff_ffff_ffffn
const rotate = (x: bigint, bits: bigint) => ((x << bits) | (x >> (64n - bits))) & mask

/** The definition, one bigint an operation. */
function definition(keyBytes: Uint8Array, data: Uint8Array): bigint {
  const word = (bytes: Uint8Array) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const k0 = word(keyBytes.subarray(0, 8))
  const k1 = word(keyBytes.subarray(8))
  const ascii = (text: string) =>
    [...text].reduce((sum, char) => (sum << 8n) | BigInt(char.charCodeAt(0)), 0n)
  let [a, b, c, d] = [
    k0 ^ ascii('somepseu'),
    k1 ^ ascii('dorandom'),
    k0 ^ ascii('lygenera'),
    k1 ^ ascii('tedbytes'),
  ]
  const rounds = (count: number) => {
    for (let i = 0; i < count; i += 1) {
      a = (a + b) & mask
      c = (c + d) & mask
      b = rotate(b, 13n) ^ a
      d = rotate(d, 16n) ^ c
      a = rotate(a, 32n)
      c = (c + b) & mask
      a = (a + d) & mask
      b = rotate(b, 17n) ^ c
      d = rotate(d, 21n) ^ a
      c = rotate(c, 32n)
    }
  }
  const padded = new Uint8Array((data.length & ~7) + 8)
  padded.set(data)
  padded[padded.length - 1] = data.length & 0xff
  for (let i = 0; i < padded.length; i += 8) {
    const m = word(padded.subarray(i, i + 8))
    d ^= m
    rounds(2)
    a ^= m
  }
  c ^= 0xffn
  rounds(4)
  return a ^ b ^ c ^ d
}

describe('the hasher of many messages', () => {
  afterEach(() => {
    vi.doUnmock('../../src/wire/crypto/instance.js')
    vi.resetModules()
  })

  const both = (keyBytes: Uint8Array, data: Uint8Array, hasher = manySiphashes()) => {
    const out = new Uint32Array(2)
    hasher(sipKey(keyBytes), data, out)
    return (BigInt(out[1]!) << 32n) | BigInt(out[0]!)
  }
  it('is compiled here, once', () => {
    expect(manySiphashes()).not.toBe(siphash24Words)
    expect(manySiphashes()).toBe(manySiphashes())
  })

  it('answers as the definition, under any key, one after the other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ maxLength: 80 }))),
        pairs => {
          for (const [keyBytes, data] of pairs) expect(both(keyBytes, data)).toBe(definition(keyBytes, data))
        },
      ),
      { numRuns: 60 },
    )
  })

  it.each([0, 7, 8, 255, 256, 65_495, 65_496, 65_497, 65_504, 70_000])('hashes %i bytes', length => {
    expect(both(key, counting(length))).toBe(siphash24(key, counting(length)))
    expect(both(key, counting(9))).toBe(definition(key, counting(9)))
  })

  it('reads its message where it lies', () => {
    const buffer = counting(60)
    expect(both(key, buffer.subarray(13, 42))).toBe(definition(key, buffer.slice(13, 42)))
  })

  // A browser keeps the modules that it has.
  it.skipIf('document' in globalThis).each<[string, () => unknown]>([
    [
      'there is no WebAssembly',
      () => {
        throw new ReferenceError('WebAssembly is not defined')
      },
    ],
    [
      'what was compiled answers wrongly',
      () => ({ memory: { buffer: new ArrayBuffer(65_536) }, hash: () => {} }),
    ],
  ])('is the plain one where %s', async (_, instantiate) => {
    vi.resetModules()
    vi.doMock('../../src/wire/crypto/instance.js', () => ({ instantiate }))
    const plain = await import('../../src/wire/siphash.js')
    expect(plain.manySiphashes()).toBe(plain.siphash24Words)
  })
})

describe('siphash24', () => {
  it.each([
    [0, 0x726fdb47dd0e0e31n],
    [1, 0x74f839c593dc67fdn],
    [7, 0xab0200f58b01d137n],
    [8, 0x93f5f5799a932462n],
    [15, 0xa129ca6149be45e5n],
  ])('hashes %i counting bytes as the paper does', (length, expected) => {
    expect(siphash24(key, counting(length))).toBe(expected)
  })

  it('agrees with the definition for any key and data', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ maxLength: 300 }),
        (anyKey, data) => {
          expect(siphash24(anyKey, data)).toBe(definition(anyKey, data))
        },
      ),
    )
  })

  it('gives the words of the result, low one first', () => {
    const out = new Uint32Array(2)
    siphash24Words(sipKey(key), counting(15), out)
    expect([...out]).toEqual([0x49be45e5, 0xa129ca61])
  })

  it.each([0, 15, 17])('refuses a key of %i bytes', length => {
    expect(() => siphash24(new Uint8Array(length), key)).toThrow(TypeError)
  })
})

describeVectors('the reference vectors of SipHash-2-4', () => {
  const { results } = vectorJson<{ results: string[] }>('crypto/siphash24.json', { results: [] })

  it('has a result for every length up to 63', () => {
    expect(results).toHaveLength(64)
    expect(results.map((_, length) => siphash24(key, counting(length)))).toEqual(
      results.map(hex => BigInt(`0x${hex}`)),
    )
  })
})
