import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKnownInventory, MAX_KNOWN_INVENTORY } from '../../src/peer/known-inventory.js'
import type { Inventory } from '../../src/wire/inventory.js'

const entry = (number: number, type = 1): Inventory => {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setUint32(28, number)
  return { type, hash }
}

function filled(count: number, limit?: number) {
  const known = createKnownInventory(limit)
  for (let i = 0; i < count; i += 1) known.add(entry(i))
  return known
}

/** Which of the first `count` are known; asked from the newest on, so that asking changes no order that matters. */
const knownOf = (known: ReturnType<typeof createKnownInventory>, count: number) =>
  Array.from({ length: count }, (_, i) => i).filter(i => known.has(entry(i)))

describe('known inventory', () => {
  it('IV7 remembers 1000 entries', () => {
    expect(MAX_KNOWN_INVENTORY).toBe(1000)
    expect(createKnownInventory().limit).toBe(1000)
    expect(knownOf(filled(1000), 1000)).toHaveLength(1000)
  })

  it('IV7 the 1001st distinct entry makes room by the one unused for longest, and by no other', () => {
    const known = filled(1001)
    expect(known.has(entry(0))).toBe(false)
    expect(knownOf(known, 1001)).toHaveLength(1000)
    known.add(entry(2000))
    expect([1, 2, 2000].map(i => known.has(entry(i)))).toEqual([false, true, true])
  })

  it('IV7 asking for an entry is a use', () => {
    const known = filled(1000)
    expect(known.has(entry(0))).toBe(true)
    known.add(entry(1000))
    expect([0, 1, 2].map(i => known.has(entry(i)))).toEqual([true, false, true])
  })

  it('IV7 adding an entry again is a use, and takes no room', () => {
    const known = filled(1000)
    known.add(entry(0))
    expect(knownOf(known, 1000)).toHaveLength(1000)
    const again = filled(1000)
    again.add(entry(0))
    again.add(entry(1000))
    expect([0, 1].map(i => again.has(entry(i)))).toEqual([true, false])
  })

  it('IV7 asking for what is not known changes nothing', () => {
    const known = filled(3, 3)
    for (let i = 10; i < 20; i += 1) expect(known.has(entry(i))).toBe(false)
    expect(knownOf(known, 3)).toEqual([0, 1, 2])
  })

  it('IV11 compares by type and hash, not by object', () => {
    const known = createKnownInventory()
    const given = entry(7, 5)
    known.add(given)
    expect(known.has(entry(7, 5))).toBe(true)
    expect(known.has(entry(7, 1))).toBe(false)
    expect(known.has(entry(8, 5))).toBe(false)
    // The bytes of a received entry lie in a payload that may be used again.
    given.hash.fill(0xff)
    expect(known.has(entry(7, 5))).toBe(true)
  })

  it('knows no entry that differs in any one byte or bit of the type', () => {
    const known = createKnownInventory()
    known.add(entry(0))
    for (let i = 0; i < 32; i += 1) {
      const hash = new Uint8Array(32)
      hash[i] = 1
      expect(known.has({ type: 1, hash })).toBe(false)
      expect(known.has({ type: (1 ^ (1 << i)) >>> 0, hash: new Uint8Array(32) })).toBe(false)
    }
  })

  it.each([1, 2, 1001])('has the limit that it is given: %i', limit => {
    expect(createKnownInventory(limit).limit).toBe(limit)
    expect(knownOf(filled(limit, limit), limit)).toHaveLength(limit)
    expect(filled(limit + 1, limit).has(entry(0))).toBe(false)
    expect(filled(limit + 1, limit).has(entry(1))).toBe(true)
  })

  it('behaves as a list that is searched from its end, whatever is added and asked', () => {
    const step = fc.record({ add: fc.boolean(), number: fc.nat(8) })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
        const known = createKnownInventory(limit)
        let model: number[] = []
        for (const { add, number } of steps) {
          const had = model.includes(number)
          if (add) known.add(entry(number))
          else expect(known.has(entry(number))).toBe(had)
          if (add || had) model = [...model.filter(each => each !== number), number].slice(-limit)
        }
      }),
    )
  })
})
