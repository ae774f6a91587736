import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Sieve } from '../../src/wire/sieve.js'

it('lets every value of the set pass, at both ends of the range too', () => {
  const ranges = fc.constantFrom(1, 2, 784_931, 10_000 * 784_931, 0xffff_ffff * 784_931)
  fc.assert(
    fc.property(ranges, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (range, parts) => {
      const values = Float64Array.from([0, ...parts, 1], part =>
        Math.min(range - 1, Math.floor(part * range)),
      )
      const sieve = new Sieve(values, values.length, range)
      for (const value of values) expect(sieve.has(value)).toBe(true)
    }),
  )
})

it('keeps back nearly all others', () => {
  const range = 10_000 * 784_931
  const values = Float64Array.from({ length: 10_000 }, (_, i) => i * 784_931)
  const sieve = new Sieve(values, values.length, range)
  let passed = 0
  for (let i = 0; i < 100_000; i += 1) if (sieve.has(Math.floor((i * range) / 100_000) + 31_337)) passed += 1
  expect(passed).toBeLessThan(12_000)
})

it('counts only the first values, and takes any value without harm', () => {
  const sieve = new Sieve(Float64Array.of(3, 500, 7), 1, 1_000)
  expect([3, 500, 7].map(value => sieve.has(value))).toEqual([true, false, false])
  const far = new Sieve(Float64Array.of(2 ** 52, 2 ** 31, 5, Number.MAX_SAFE_INTEGER), 4, 10)
  expect(far.has(5)).toBe(true)
  for (let value = 0; value < 10; value += 1) far.has(value)
})
