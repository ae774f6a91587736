import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WireError } from '../../src/wire/error.js'
import { encodeSet, openSet, readSet } from '../../src/wire/golomb-set.js'
import { mutate, seeded } from '../support/mutate.js'

/** The same set by the words of BIP158: a stream of bits, one after the other. */
function bitByBit(bytes: Uint8Array): number[] | string {
  const { count, start } = openSet(bytes)
  const end = 8 * bytes.length
  let at = start
  const bit = () => {
    const value = at < end ? (bytes[at >>> 3]! >>> (7 - (at & 7))) & 1 : 0
    at += 1
    return value
  }
  const values: number[] = []
  let value = 0
  for (let i = 0; i < count; i += 1) {
    while (bit() === 1) value += 2 ** 19
    let remainder = 0
    for (let left = 19; left > 0; left -= 1) remainder = 2 * remainder + bit()
    if (at > end) return 'truncated'
    value += remainder
    values.push(value)
  }
  return at + 7 < end ? 'trailing-bytes' : values
}

function fast(bytes: Uint8Array): number[] | string {
  try {
    const set = openSet(bytes)
    return Array.from(readSet(set, new Float64Array(set.count)))
  } catch (error) {
    if (error instanceof WireError) return error.code
    throw error
  }
}

/** Differences of all kinds: as those of a filter, of no bit, and of many ones on end. */
const difference = fc.oneof(
  { weight: 6, arbitrary: fc.nat(1_600_000) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 2 ** 19 - 1, 2 ** 19, 2 ** 20 - 1) },
  { weight: 1, arbitrary: fc.nat(40).map(ones => ones * 2 ** 19 + 5) },
)

function valuesOf(differences: readonly number[]): Float64Array {
  let value = 0
  return Float64Array.from(differences, each => {
    value += each
    return value
  })
}

const spacing = 41 * 2 ** 19

describe('a Golomb-Rice coded set', () => {
  it('is read four values at a time as bit by bit', () => {
    fc.assert(
      fc.property(fc.array(difference, { maxLength: 80 }), differences => {
        const values = valuesOf(differences)
        const bytes = encodeSet(values, spacing)
        expect(fast(bytes)).toEqual(Array.from(values))
        expect(bitByBit(bytes)).toEqual(Array.from(values))
      }),
      { numRuns: 300 },
    )
  })

  it('is read so for each number of ones in a row of four quotients, and behind each number of bits', () => {
    for (let ones = 0; ones <= 40; ones += 1) {
      for (const place of [0, 1, 2, 3]) {
        for (let before = 0; before < 8; before += 1) {
          const quotients = [...Array<number>(before).fill(1), 0, 0, 0, 0, ...Array<number>(9).fill(2)]
          quotients[before + place] = ones
          const values = valuesOf(quotients.map((quotient, i) => quotient * 2 ** 19 + 524_287 - i))
          expect(fast(encodeSet(values, spacing)), `${ones} ones at ${place}`).toEqual(Array.from(values))
        }
      }
    }
  })

  it('is refused for the same reason, however it is broken', () => {
    fc.assert(
      fc.property(fc.array(difference, { maxLength: 40 }), fc.integer(), (differences, seed) => {
        const pick = seeded(seed)
        const whole = encodeSet(valuesOf(differences), spacing)
        for (const bytes of [mutate(whole, pick), whole.subarray(0, pick(whole.length + 1))]) {
          let expected: unknown
          try {
            expected = bitByBit(bytes)
          } catch (error) {
            expect(error).toBeInstanceOf(WireError)
            continue
          }
          expect(fast(bytes)).toEqual(expected)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('of nothing but ones is refused, as is one that ends anywhere', () => {
    for (let length = 1; length < 60; length += 1) {
      const bytes = new Uint8Array(length).fill(0xff)
      bytes[0] = Math.floor(((length - 1) * 8) / 20)
      expect(fast(bytes)).toEqual(length < 4 ? (length === 1 ? [] : 'trailing-bytes') : 'truncated')
    }
    const whole = encodeSet(valuesOf(Array<number>(200).fill(784_931)), spacing)
    for (let length = 1; length < whole.length; length += 1) {
      const bytes = whole.subarray(0, length)
      if (200 * 20 > (length - 2) * 8) continue
      expect(fast(bytes)).toBe('truncated')
    }
    expect(fast(Uint8Array.of(...whole, 0))).toBe('trailing-bytes')
  })

  it('takes nothing of what is behind it in its buffer', () => {
    const values = valuesOf([1, 2, 3, 4, 5, 6, 7, 8, 9])
    const bytes = encodeSet(values, spacing)
    for (const filler of [0, 0xff]) {
      const buffer = new Uint8Array(100).fill(filler)
      buffer.set(bytes, 33)
      expect(fast(buffer.subarray(33, 33 + bytes.length))).toEqual(Array.from(values))
      expect(fast(buffer.subarray(33, 32 + bytes.length))).toBe('truncated')
    }
  })

  it('is read into the first places of what has room for more', () => {
    const values = valuesOf([5, 6, 7, 8, 9, 10])
    const room = new Float64Array(10).fill(-1)
    readSet(openSet(encodeSet(values, spacing)), room)
    expect(Array.from(room)).toEqual([...values, -1, -1, -1, -1])
  })
})
