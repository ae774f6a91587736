import { describe, expect, it, test } from 'vitest'
import { fasterFrom, sha256 as nobleSha256, sha256Into, unfilled } from '../../src/wire/crypto/noble.js'
import { smallSha256 } from '../../src/wire/crypto/small-sha256.js'
import { checksum, sha256, sha256d, zeroHash } from '../../src/wire/hash.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { describePlainDigests, describeSha256, reference } from '../support/sha256-suite.js'

const twice = async (bytes: Uint8Array): Promise<string> => reference(hexToBytes(await reference(bytes)))

function small(bytes: Uint8Array): string {
  const out = new Uint8Array(32)
  smallSha256(bytes, out)
  return bytesToHex(out)
}

describeSha256('smallSha256', small)
describeSha256('sha256', bytes => bytesToHex(sha256(bytes)))
describeSha256('the noble backend', bytes => bytesToHex(nobleSha256(bytes)))

describe('smallSha256', () => {
  it('may write over its input', async () => {
    for (const length of [32, 55, 56, 63, 64, 65, 119, 120, 128]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i)
      const digest = await reference(bytes)
      smallSha256(bytes, bytes)
      expect(bytesToHex(bytes.subarray(0, 32)), `length ${length}`).toBe(digest)
    }
  })

  it('keeps nothing from the hash before', async () => {
    small(new Uint8Array(300).fill(0xff))
    expect(small(new Uint8Array(0))).toBe(await reference(new Uint8Array(0)))
  })

  it('writes the length of more than 2^24 bits in full', async () => {
    const bytes = new Uint8Array(2 ** 21 + 1)
    expect(small(bytes)).toBe(await reference(bytes))
  })
})

describe('sha256d and checksum', () => {
  it('hash twice, whichever implementation does it', async () => {
    for (const length of [0, 1, 55, 64, 80, 249, 250, 251, 252, 1_000, 100_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) & 0xff)
      expect(bytesToHex(sha256d(bytes)), `length ${length}`).toBe(await twice(bytes))
      const little = new DataView(hexToBytes(await twice(bytes)).buffer).getUint32(0, true)
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

  it('hash views by what they show', async () => {
    const whole = Uint8Array.from({ length: 600 }, (_, i) => i & 0xff)
    for (const [start, end] of [
      [10, 50],
      [100, 500],
    ] as const) {
      const view = whole.subarray(start, end)
      expect(bytesToHex(sha256(view))).toBe(await reference(view.slice()))
      expect(bytesToHex(sha256d(view))).toBe(await twice(view.slice()))
    }
  })
})

describe('the noble backend', () => {
  it('writes a hash to its place and nowhere else', async () => {
    const out = new Uint8Array(40).fill(7)
    sha256Into(Uint8Array.of(1, 2, 3), out, 5)
    const digest = await reference(Uint8Array.of(1, 2, 3))
    expect(bytesToHex(out)).toBe(`${'07'.repeat(5)}${digest}070707`)
  })

  it('has no memory that is unfilled', () => {
    expect(unfilled(3)).toEqual(new Uint8Array(3))
  })

  it('is faster than vectors at no length', () => {
    expect(fasterFrom()).toBe(Number.POSITIVE_INFINITY)
  })
})

describePlainDigests('sha256', sha256)
describePlainDigests('sha256d', sha256d)
describePlainDigests('the noble backend', nobleSha256)

test('the zero hash has 32 zero bytes', () => {
  expect(bytesToHex(zeroHash)).toBe('00'.repeat(32))
})
