import { describe, expect, it } from 'vitest'
import * as noble from '../../src/wire/crypto/noble.js'
import * as node from '../../src/wire/crypto/node.js'
import { bytesToHex } from '../../src/wire/hex.js'
import { describePlainDigests, describeSha256 } from '../support/sha256-suite.js'

// A file of its own: the one backend that no browser can load. vitest.config.ts leaves it out there by name.

describeSha256('the node backend', bytes => bytesToHex(node.sha256(bytes)))
describePlainDigests('the node backend', node.sha256)

describe.each([
  ['node', node],
  ['noble', noble],
])('of the %s backend', (_, { fasterFrom, sha256, sha256Into, unfilled }) => {
  it('sha256Into writes the hash to its place and nowhere else', () => {
    const out = new Uint8Array(40).fill(7)
    sha256Into(Uint8Array.of(1, 2, 3), out, 5)
    expect(bytesToHex(out)).toBe(`${'07'.repeat(5)}${bytesToHex(sha256(Uint8Array.of(1, 2, 3)))}070707`)
  })

  it('fasterFrom is some length of a message, or none', () => {
    expect([376, Number.POSITIVE_INFINITY]).toContain(fasterFrom())
  })

  it.each([0, 1, 7, 4_096, 1_000_000])(
    'unfilled has %i bytes in a buffer of its own, and is no Buffer',
    length => {
      const array = unfilled(length)
      expect(array.length).toBe(length)
      expect(array.buffer.byteLength).toBe(length)
      expect(array.constructor).toBe(Uint8Array)
    },
  )
})
