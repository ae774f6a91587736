import { expect, test } from 'vitest'
import { isMoney, MAX_MONEY } from '../../src/wire/money.js'

test.each([
  [0n, true],
  [1n, true],
  [2_100_000_000_000_000n, true],
  [2_100_000_000_000_001n, false],
  [-1n, false],
  [0x7fff_ffff_ffff_ffffn, false],
  [-0x8000_0000_0000_0000n, false],
])('%s satoshi: %s', (satoshi, is) => {
  expect(isMoney(satoshi)).toBe(is)
})

test('there are 21 million bitcoin at most', () => {
  expect(MAX_MONEY).toBe(21_000_000n * 100_000_000n)
})
