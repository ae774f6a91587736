import { describe, expect, it } from 'vitest'
import { environment } from '../../src/peer/defaults.js'

const { random } = environment({})

describe('the dice of a process', () => {
  it.each([0, 1, 8, 511, 512, 513, 5_000])('give %i bytes in a buffer of their own', size => {
    const bytes = random.bytes(size)
    expect(bytes).toHaveLength(size)
    expect(bytes.buffer.byteLength).toBe(size)
  })

  it('never give the same bytes twice, whatever is asked for between', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 2_000; i += 1) {
      seen.add(random.bytes(8).join())
      if (i % 7 === 0) random.bytes(i % 600)
    }
    expect(seen.size).toBe(2_000)
  })

  it('show every bit about as often set as not', () => {
    const set = new Array<number>(64).fill(0)
    for (let i = 0; i < 2_000; i += 1) {
      const bytes = random.bytes(8)
      for (let bit = 0; bit < 64; bit += 1) set[bit]! += ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1
    }
    // Ten standard deviations: seen by chance once in 10^22 runs.
    for (const times of set) expect(Math.abs(times - 1_000)).toBeLessThan(224)
  })
})
