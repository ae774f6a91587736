import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/testing/index.js'

describe('seededRandom', () => {
  it('gives the same bytes for a seed, in whatever sizes they are asked for', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.nat(70), { maxLength: 10 }), (seed, sizes) => {
        const whole = seededRandom(seed).bytes(sizes.reduce((sum, size) => sum + size, 0))
        const random = seededRandom(BigInt(seed))
        const parts = sizes.map(size => random.bytes(size))
        expect(parts.map(part => part.length)).toEqual(sizes)
        expect(parts.flatMap(part => [...part])).toEqual([...whole])
      }),
    )
  })

  it('goes on instead of repeating itself, and differs by seed', () => {
    const random = seededRandom(1)
    const chunks = [...Array.from({ length: 50 }, () => random.bytes(8)), seededRandom(2).bytes(8)]
    expect(new Set(chunks.map(chunk => chunk.join())).size).toBe(51)
  })

  it('refuses a seed that is no integer', () => {
    expect(() => seededRandom(1.5)).toThrow(RangeError)
  })
})
