import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksumAt } from '../../src/wire/hash.js'
import { NONCE_SIZE, nonceChecksum, noteNonceChecksum } from '../../src/wire/nonce-checksum.js'

const nonce = fc.uint8Array({ minLength: NONCE_SIZE, maxLength: NONCE_SIZE })

test('the checksum of 8 bytes is theirs, whatever was asked for before', () => {
  const few = fc.tuple(nonce, nonce, nonce)
  fc.assert(
    fc.property(few, fc.array(fc.nat({ max: 2 }), { maxLength: 20 }), (nonces, turns) => {
      for (const turn of turns) {
        const bytes = Uint8Array.of(9, 9, ...nonces[turn]!)
        expect(nonceChecksum(bytes, 2)).toBe(checksumAt(bytes, 2, NONCE_SIZE))
      }
    }),
  )
})

test('what was noted is believed, and of those 8 bytes only', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
  noteNonceChecksum(bytes, 0, 0xfedc_ba98)
  expect(nonceChecksum(Uint8Array.of(0, ...bytes), 1)).toBe(0xfedc_ba98)
  for (let i = 0; i < NONCE_SIZE; i += 1) {
    const other = bytes.with(i, 0)
    noteNonceChecksum(bytes, 0, 0xfedc_ba98)
    expect(nonceChecksum(other, 0)).toBe(checksumAt(other, 0, NONCE_SIZE))
  }
})

test('a change of the noted bytes afterwards changes nothing', () => {
  const bytes = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1)
  const checksum = nonceChecksum(bytes, 0)
  const copy = bytes.slice()
  bytes[0] = 0
  expect(nonceChecksum(copy, 0)).toBe(checksum)
  expect(nonceChecksum(bytes, 0)).toBe(checksumAt(bytes, 0, NONCE_SIZE))
})
