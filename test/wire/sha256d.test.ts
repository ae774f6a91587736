import fc from 'fast-check'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import { MAX_SHORT, makeSha256d, PlainSha256d } from '../../src/wire/crypto/sha256d.js'
import { checksum, checksumAt, sha256 } from '../../src/wire/hash.js'
import { bytesToHex } from '../../src/wire/hex.js'
import { reference } from '../support/sha256-suite.js'

afterEach(() => vi.unstubAllGlobals())

const patterned = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 167 + length * 13) & 0xff)

const plain = new PlainSha256d()
const compiled = makeSha256d(plain)

test('this platform has WebAssembly', () => expect(compiled).not.toBe(plain))

const both = [
  ['compiled', compiled],
  ['plain', plain],
] as const

const twice = (bytes: Uint8Array) => bytesToHex(sha256(sha256(bytes)))

describe('Sha256d', () => {
  it('hashes every length around the borders of its blocks', () => {
    for (const [name, one] of both) {
      for (let length = 0; length <= 260; length += 1) {
        const bytes = patterned(length + 9)
        one.message(bytes, 4, length)
        expect(bytesToHex(one.hash), `${name}, ${length}`).toBe(twice(bytes.slice(4, 4 + length)))
      }
    }
  })

  it('hashes the longest message', () => {
    const bytes = patterned(MAX_SHORT)
    for (const [name, one] of both) {
      one.message(bytes, 0, MAX_SHORT)
      expect(bytesToHex(one.hash), name).toBe(twice(bytes))
    }
  })

  it('hashes a hash once more', async () => {
    const first = sha256(patterned(500))
    const expected = await reference(first)
    for (const [name, one] of both) {
      one.hash.set(first)
      one.again()
      expect(bytesToHex(one.hash), name).toBe(expected)
    }
  })

  it('hashes the same one way and the other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat({ max: 9 }), (bytes, skipped) => {
        const start = Math.min(skipped, bytes.length)
        for (const one of [compiled, plain]) one.message(bytes, start, bytes.length - start)
        expect(bytesToHex(compiled.hash)).toBe(bytesToHex(plain.hash))
      }),
    )
  })

  it('is plain where WebAssembly hashes wrongly, as it would where words are big-endian', () => {
    const memory = { buffer: new ArrayBuffer(65_536) }
    const Instance = vi.fn(function instance() {
      return { exports: { memory, hash: () => undefined, hash32: () => undefined } }
    })
    vi.stubGlobal('WebAssembly', { Module: class {}, Instance })
    expect(makeSha256d(plain)).toBe(plain)
    expect(Instance).toHaveBeenCalledOnce()
  })

  it('is plain without WebAssembly, and where a page forbids to compile', () => {
    vi.stubGlobal('WebAssembly', undefined)
    expect(makeSha256d(plain)).toBe(plain)
    const refuse = vi.fn(function refuse() {
      throw new EvalError('refused by the policy')
    })
    vi.stubGlobal('WebAssembly', { Module: refuse })
    expect(makeSha256d(plain)).toBe(plain)
    expect(refuse).toHaveBeenCalledOnce()
  })
})

describe('checksumAt', () => {
  it('is the checksum of a part', () => {
    const bytes = patterned(900)
    for (const [start, length] of [
      [0, 0],
      [5, 0],
      [1, 55],
      [2, 56],
      [3, 250],
      [4, 251],
      [0, 900],
      [100, 800],
    ] as const) {
      expect(checksumAt(bytes, start, length), `${start}, ${length}`).toBe(
        checksum(bytes.slice(start, start + length)),
      )
    }
  })
})
