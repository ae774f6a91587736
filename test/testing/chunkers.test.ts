import fc from 'fast-check'
import { concatMap, of, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { mergeChunks, randomChunks, splitAt, splitEvery } from '../../src/testing/chunkers.js'
import { seededRandom } from '../../src/testing/seeded-random.js'

const bytes = Uint8Array.from({ length: 10 }, (_, i) => i)
const lengths = (chunks: readonly Uint8Array[]) => chunks.map(({ length }) => length)

describe('chunkers', () => {
  it('splitEvery cuts pieces of one size and the rest', () => {
    expect(splitEvery(4)(bytes)).toEqual([bytes.slice(0, 4), bytes.slice(4, 8), bytes.slice(8)])
    expect(lengths(splitEvery(5)(bytes))).toEqual([5, 5])
    for (const size of [0, -1, 1.5, Number.NaN]) expect(() => splitEvery(size)).toThrow(RangeError)
  })

  it('splitAt cuts before bytes, in any order, and nowhere else', () => {
    expect(splitAt(7, 3)(bytes)).toEqual([bytes.slice(0, 3), bytes.slice(3, 7), bytes.slice(7)])
    expect(lengths(splitAt(0, 3, 3, 10, 11, -2)(bytes))).toEqual([3, 7])
    expect(lengths(splitAt()(bytes))).toEqual([10])
  })

  it('randomChunks cuts by dice: the same seed, the same chunks', () => {
    const cut = (seed: number, longest?: number) =>
      lengths(randomChunks(seededRandom(seed), longest)(new Uint8Array(1_000)))
    expect(cut(1)).toEqual(cut(1))
    expect(cut(1)).not.toEqual(cut(2))
    expect(Math.max(...cut(1))).toBeGreaterThan(32)
    expect(Math.max(...cut(1))).toBeLessThanOrEqual(64)
    expect(new Set(cut(1, 1))).toEqual(new Set([1]))
    expect(new Set(cut(1, 3))).toEqual(new Set([1, 2, 3]))
    expect(() => randomChunks(seededRandom(1), 0)).toThrow(RangeError)
  })

  it('lose nothing, add nothing, and make no empty chunk', () => {
    const chunker = fc.oneof(
      fc.integer({ min: 1, max: 9 }).map(splitEvery),
      fc.array(fc.integer({ min: -3, max: 40 })).map(offsets => splitAt(...offsets)),
      fc.integer({ min: 1, max: 9 }).map(longest => randomChunks(seededRandom(7), longest)),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), chunker, (given, cut) => {
        const chunks = cut(given)
        expect(chunks.every(({ length }) => length > 0)).toBe(true)
        expect(mergeChunks(chunks)).toEqual(given)
      }),
    )
  })

  it('are what concatMap takes', () => {
    const seen: Uint8Array[][] = []
    of(bytes.slice(0, 3), bytes.slice(3, 5))
      .pipe(concatMap(splitEvery(2)), toArray())
      .subscribe(chunks => seen.push(chunks))
    expect(seen.map(lengths)).toEqual([[2, 1, 2]])
  })

  it('mergeChunks makes a copy', () => {
    const part = Uint8Array.of(1)
    const merged = mergeChunks([part])
    part[0] = 2
    expect(merged).toEqual(Uint8Array.of(1))
    expect(mergeChunks([])).toEqual(new Uint8Array(0))
  })
})
