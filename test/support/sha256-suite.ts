import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { bytesToHex } from '../../src/wire/hex.js'

/** SHA-256 by the Web Cryptography of the platform: OpenSSL under Node, BoringSSL in Chromium. Not ours, so an oracle. */
export async function reference(bytes: Uint8Array): Promise<string> {
  return bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes))))
}

/** What each implementation of SHA-256 must do; `hashed` answers the digest in hex. */
export function describeSha256(name: string, hashed: (bytes: Uint8Array) => string): void {
  describe(name, () => {
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

    it('agrees with the platform for every length from 0 to 300', async () => {
      for (let length = 0; length <= 300; length += 1) {
        const bytes = Uint8Array.from({ length }, (_, i) => (i * 167 + length * 13) & 0xff)
        expect(hashed(bytes), `length ${length}`).toBe(await reference(bytes))
      }
    })

    it('agrees with the platform for random bytes', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.uint8Array({ maxLength: 2_000 }),
          async bytes => hashed(bytes) === (await reference(bytes)),
        ),
      )
    })
  })
}

/** A digest must be nobody else's memory, and no Buffer, whose `slice` and `toString` answer differently. */
export function describePlainDigests(name: string, hashed: (bytes: Uint8Array) => Uint8Array): void {
  test(`${name} answers a plain Uint8Array of its own, on every way to it`, () => {
    for (const length of [0, 250, 251, 5_000]) {
      const digest = hashed(new Uint8Array(length))
      expect(digest.constructor).toBe(Uint8Array)
      expect(digest.length).toBe(32)
      const copy = digest.slice()
      copy[0]! ^= 1
      expect(digest[0]).not.toBe(copy[0])
    }
  })
}
