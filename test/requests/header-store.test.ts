import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeaderStore } from '../../src/requests/header-store.js'
import { buildHash } from '../../src/testing/build.js'
import { BlockHeader } from '../../src/wire/header.js'
import { toHex } from '../../src/wire/hex.js'

/** A header like no other with another number; it says it has a work of 2, and has none and no links: a store does not look. */
function header(number: number): BlockHeader {
  const [previousBlock, merkleRoot] = [buildHash(1), buildHash(2)]
  return BlockHeader.from({
    version: 1,
    previousBlock,
    merkleRoot,
    time: number,
    bits: 0x207f_ffff,
    nonce: 0,
  })
}

/** What the store says has to be what the list of all headers says. */
function same(store: HeaderStore, model: readonly BlockHeader[]): void {
  expect(store.length).toBe(model.length)
  expect(store.work).toBe(2n * BigInt(model.length))
  // Collected: an assertion a header takes longer than all that is asserted.
  const elsewhere = model.filter(
    ({ hash }, height) => store.heightOf(hash) !== height || !store.isAt(height, hash),
  )
  expect(elsewhere).toHaveLength(0)
  model.forEach(({ hash, bytes }, height) => {
    if (height % 397 === 0) expect(store.workOf(height)).toBe(2n * BigInt(height))
    if (height % 97 === 0 || height >= model.length - 2) {
      expect(store.hashAt(height)).toEqual(hash)
      expect(store.at(height)?.bytes).toEqual(bytes)
    }
  })
}

describe('HeaderStore', () => {
  it('is a list and its index, however it grows and is cut off', () => {
    const steps = fc.array(
      fc.record({ push: fc.integer({ min: 0, max: 1_500 }), cut: fc.integer({ min: 0, max: 1_600 }) }),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(steps, plan => {
        const store = new HeaderStore()
        let model: BlockHeader[] = []
        let number = 0
        for (const { push, cut } of plan) {
          for (let i = 0; i < push; i += 1) {
            const next = header(number)
            number += 1
            store.push(next)
            model.push(next)
          }
          const left = Math.max(model.length - cut, 0)
          const gone = model.slice(left)
          store.truncate(left)
          model = model.slice(0, left)
          same(store, model)
          expect(gone.filter(({ hash }) => store.heightOf(hash) !== undefined)).toHaveLength(0)
        }
      }),
      { numRuns: 20 },
    )
  }, 60_000)

  it('finds a header again that came back at another height', () => {
    const store = new HeaderStore()
    for (let i = 0; i < 10; i += 1) store.push(header(i))
    store.truncate(5)
    store.push(header(9))
    expect(store.heightOf(header(9).hash)).toBe(5)
    expect(store.heightOf(header(5).hash)).toBeUndefined()
  })

  it('keeps no more in its index than it has, for all that is cut off', () => {
    const store = new HeaderStore()
    store.push(header(0))
    // More than the table has places: it would be full, and a look-up in it would never end.
    for (let i = 1; i < 20_000; i += 1) {
      store.push(header(i))
      store.truncate(1)
    }
    expect(store.heightOf(header(0).hash)).toBe(0)
    expect(store.heightOf(header(1).hash)).toBeUndefined()
  })

  it('has nothing at heights that are none', () => {
    const store = new HeaderStore()
    store.push(header(0))
    for (const height of [-1, 1, 0.5, Number.NaN]) {
      expect(store.at(height)).toBeUndefined()
      expect(store.hashAt(height)).toBeUndefined()
    }
    expect(store.isAt(0, header(0).hash.subarray(1))).toBe(false)
    expect(store.heightOf(new Uint8Array(0))).toBeUndefined()
  })

  it('hands out copies', () => {
    const store = new HeaderStore()
    const given = header(7)
    const hash = toHex(given.hash)
    store.push(given)
    given.bytes.fill(0)
    store.at(0)?.bytes.fill(1)
    store.hashAt(0)?.fill(1)
    expect(store.at(0)?.bytes).toEqual(header(7).bytes)
    expect(store.hashAt(0) && toHex(store.hashAt(0) ?? given.hash)).toBe(hash)
  })
})
