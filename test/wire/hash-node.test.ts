import { describe, expect, it } from 'vitest'
import { fasterFrom, sha256, sha256Into } from '../../src/wire/crypto/node.js'
import { bytesToHex } from '../../src/wire/hex.js'
import { describePlainDigests, describeSha256 } from '../support/sha256-suite.js'

// A file of its own: the one backend that no browser can load. vitest.config.ts leaves it out there by name.

describeSha256('the node backend', bytes => bytesToHex(sha256(bytes)))
describePlainDigests('the node backend', sha256)

describe('sha256Into', () => {
  it('writes the hash to its place and nowhere else', () => {
    const out = new Uint8Array(40).fill(7)
    sha256Into(Uint8Array.of(1, 2, 3), out, 5)
    expect(bytesToHex(out)).toBe(`${'07'.repeat(5)}${bytesToHex(sha256(Uint8Array.of(1, 2, 3)))}070707`)
  })
})

describe('fasterFrom', () => {
  it('is some length of a message, or none', () => {
    expect([376, Number.POSITIVE_INFINITY]).toContain(fasterFrom())
  })
})
