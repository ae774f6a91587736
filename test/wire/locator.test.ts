import { describe, expect, it, test } from 'vitest'
import { CORE_MAX_LOCATOR, MAX_LOCATOR } from '../../src/wire/limits.js'
import { LOCATOR_MAX_LENGTH, locatorHeights } from '../../src/wire/locator.js'

/** How far below the tip each entry of a long locator is: 0 to 11, then 13, 17, 25 … */
const offsets = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 17, 25, 41, 73, 137, 265, 521, 1033, 2057, 4105, 8201,
]

test('the offsets from the tip of a long chain', () => {
  expect(locatorHeights(10_000).map(height => 10_000 - height)).toEqual([...offsets, 10_000])
})

describe('short chains', () => {
  it.each<[number, number[]]>([
    [0, [0]],
    [1, [1, 0]],
    [10, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    [11, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    [12, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]],
    [13, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 0]],
    [14, [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 1, 0]],
    [15, [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 0]],
    [17, [17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 4, 0]],
  ])('height %i', (tip, heights) => {
    expect(locatorHeights(tip)).toEqual(heights)
  })
})

test('heights fall strictly, begin with the tip, end with 0, and fit the 101 that Core reads', () => {
  for (const tip of [0, 1, 2, 12, 100, 2_016, 840_000, 2 ** 31 - 1]) {
    const heights = locatorHeights(tip)
    expect(heights[0]).toBe(tip)
    expect(heights.at(-1)).toBe(0)
    expect(heights.length).toBeLessThanOrEqual(CORE_MAX_LOCATOR)
    expect(heights.every((height, i) => i === 0 || height < heights[i - 1]!)).toBe(true)
  }
})

test("the maximum length is btcd's", () => {
  expect(MAX_LOCATOR).toBe(500)
  expect(CORE_MAX_LOCATOR).toBe(101)
  expect(LOCATOR_MAX_LENGTH).toBe(16_045)
})
