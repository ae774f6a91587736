import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { sha256 as nobleSha256 } from '../../src/wire/crypto/noble.js'
import { sha256 as nodeSha256 } from '../../src/wire/crypto/node.js'
import { smallSha256 } from '../../src/wire/crypto/small-sha256.js'
import { checksum, sha256, sha256d, zeroHash } from '../../src/wire/hash.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'

const reference = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const twice = (bytes: Uint8Array): string => reference(hexToBytes(reference(bytes)))

function small(bytes: Uint8Array): string {
  const out = new Uint8Array(32)
  smallSha256(bytes, out)
  return bytesToHex(out)
}

const functions: readonly [string, (bytes: Uint8Array) => string][] = [
  ['smallSha256', small],
  ['sha256', bytes => bytesToHex(sha256(bytes))],
  ['the node backend', bytes => bytesToHex(nodeSha256(bytes))],
  ['the noble backend', bytes => bytesToHex(nobleSha256(bytes))],
]

describe.each(functions)('%s', (_, hashed) => {
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('hashes the FIPS 180-4 example "%s"', (text, digest) => {
    expect(hashed(new TextEncoder().encode(text))).toBe(digest)
  })

  it('agrees with OpenSSL for every length from 0 to 300', () => {
    for (let length = 0; length <= 300; length += 1) {
      const bytes = Uint8Array.from({ length }, (__, i) => (i * 167 + length * 13) & 0xff)
      expect(hashed(bytes), `length ${length}`).toBe(reference(bytes))
    }
  })

  it('agrees with OpenSSL for random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), bytes => hashed(bytes) === reference(bytes)))
  })
})

describe('smallSha256', () => {
  it('may write over its input', () => {
    for (const length of [32, 55, 56, 63, 64, 65, 119, 120, 128]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i)
      const digest = reference(bytes)
      smallSha256(bytes, bytes)
      expect(bytesToHex(bytes.subarray(0, 32)), `length ${length}`).toBe(digest)
    }
  })

  it('keeps nothing from the hash before', () => {
    small(new Uint8Array(300).fill(0xff))
    expect(small(new Uint8Array(0))).toBe(reference(new Uint8Array(0)))
  })

  it('writes the length of more than 2^24 bits in full', () => {
    const bytes = new Uint8Array(2 ** 21 + 1)
    expect(small(bytes)).toBe(reference(bytes))
  })
})

describe('sha256d and checksum', () => {
  it('hash twice, whichever implementation does it', () => {
    for (const length of [0, 1, 55, 64, 80, 249, 250, 251, 252, 1_000, 100_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff)
      expect(bytesToHex(sha256d(bytes)), `length ${length}`).toBe(twice(bytes))
      const little = new DataView(hexToBytes(twice(bytes)).buffer).getUint32(0, true)
      expect(checksum(bytes), `length ${length}`).toBe(little)
    }
  })

  it('leave their input alone and answer a new array each time', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const first = sha256d(bytes)
    const copy = first.slice()
    expect(sha256d(Uint8Array.of(4))).not.toBe(first)
    expect(first).toEqual(copy)
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('know the empty payload', () => {
    expect(checksum(new Uint8Array(0))).toBe(0xe2e0f65d)
  })

  it('hash views by what they show', () => {
    const whole = Uint8Array.from({ length: 600 }, (_, i) => i & 0xff)
    for (const [start, end] of [
      [10, 50],
      [100, 500],
    ] as const) {
      const view = whole.subarray(start, end)
      expect(bytesToHex(sha256(view))).toBe(reference(view.slice()))
      expect(bytesToHex(sha256d(view))).toBe(twice(view.slice()))
    }
  })
})

test('a hash is a plain Uint8Array of its own, on every way to it', () => {
  for (const length of [0, 250, 251, 5_000]) {
    for (const hashed of [sha256, sha256d, nodeSha256, nobleSha256]) {
      const digest = hashed(new Uint8Array(length))
      expect(digest.constructor).toBe(Uint8Array)
      expect(digest.length).toBe(32)
      const copy = digest.slice()
      copy[0]! ^= 1
      expect(digest[0]).not.toBe(copy[0])
    }
  }
})

test('the zero hash has 32 zero bytes', () => {
  expect(bytesToHex(zeroHash)).toBe('00'.repeat(32))
})
