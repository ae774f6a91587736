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

/** The table's own hash of the type and the words of a hash, before it is finished. */
function mixed(words: readonly number[]): number {
  const [type = 0, ...rest] = words
  return rest.reduce((key, word) => {
    const product = Math.imul(key ^ word, 0x9e37_79b1)
    return product ^ (product >>> 15)
  }, type)
}

function entryOf([type = 0, ...rest]: readonly number[]): Inventory {
  const hash = new Uint8Array(32)
  for (const [index, word] of rest.entries()) new DataView(hash.buffer).setInt32(4 * index, word, true)
  return { type: type >>> 0, hash }
}

/**
 * Hashes that the table cannot tell apart by its own hash of them, as a remote could make them: the last word takes back
 * what the others did to it.
 */
function meetingHashes(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, number) => {
    const words = [1, number, 0, 0, 0, 0, 0, 0]
    return entryOf([...words, mixed(words)]).hash
  })
}

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

  it('tells entries apart that differ in two words which the table hashes to the same', () => {
    const words = [5, 11, 22, 33, 44, 55, 66, 77, 88]
    for (let at = 0; at < 8; at += 1) {
      const others = words.map((word, index) => (index === at ? word ^ 0x1234_5678 : word))
      others[at + 1]! ^= mixed(words.slice(0, at + 1)) ^ mixed(others.slice(0, at + 1))
      expect(mixed(others)).toBe(mixed(words))
      const known = createKnownInventory()
      known.add(entryOf(words))
      expect(known.has(entryOf(others)), `words ${at} and ${at + 1}`).toBe(false)
      known.add(entryOf(others))
      expect([words, others].map(each => known.has(entryOf(each)))).toEqual([true, true])
    }
  })

  it.each([
    [0.5, 1],
    [1.5, 1],
    [2.9, 2],
  ])('of %f is one of %i', (given, limit) => {
    expect(createKnownInventory(given).limit).toBe(limit)
    expect(knownOf(filled(10, given), 10)).toHaveLength(limit)
  })

  it('that is none keeps all', () => {
    expect(knownOf(filled(3_000, Number.POSITIVE_INFINITY), 3_000)).toHaveLength(3_000)
  })

  it.each([1, 2, 1001])('has the limit that it is given: %i', limit => {
    expect(createKnownInventory(limit).limit).toBe(limit)
    expect(knownOf(filled(limit, limit), limit)).toHaveLength(limit)
    expect(filled(limit + 1, limit).has(entry(0))).toBe(false)
    expect(filled(limit + 1, limit).has(entry(1))).toBe(true)
  })

  it.each([15, 16, 17, 31, 32, 33, 999, 1000, 5000])(
    'keeps all and their order while it grows to %i',
    limit => {
      const known = filled(limit, limit)
      expect(knownOf(known, limit)).toHaveLength(limit)
      // The last look was from the oldest to the newest, so that is the order of use again.
      for (const i of [0, 1, 2]) known.add(entry(limit + i))
      expect([0, 1, 2, 3].map(i => known.has(entry(i)))).toEqual([0, 1, 2, 3].map(i => i > 2 || i >= limit))
    },
  )

  it('keeps nothing of a hash that no message can have', () => {
    const known = createKnownInventory(2)
    known.add(entry(1))
    for (const length of [0, 31, 33]) {
      const odd = { type: 1, hash: new Uint8Array(length) }
      known.add(odd)
      expect(known.has(odd)).toBe(false)
      expect(known.has({ type: 1, hash: new Uint8Array(32) })).toBe(false)
    }
    expect(known.has(entry(1))).toBe(true)
  })

  it('takes an entry from where its hash lies, and keeps none of the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.nat(0xffff_ffff),
        fc.nat(9),
        (hash, type, offset) => {
          const bytes = new Uint8Array(50).fill(7)
          bytes.set(hash, offset)
          const known = createKnownInventory()
          known.addAt(type, bytes, offset)
          bytes.fill(0)
          expect(known.has({ type, hash })).toBe(true)
          expect(known.has({ type: (type + 1) % 2 ** 32, hash })).toBe(false)
        },
      ),
    )
  })

  it('has no long chain, however hashes are chosen: those that meet make room for each other', () => {
    const known = createKnownInventory(65_536)
    const others = Array.from({ length: 200 }, (_, i) => entry(i, 9))
    for (const one of others) known.add(one)
    const meeting = meetingHashes(2_000)
    for (const hash of meeting) known.add({ type: 1, hash })
    const kept = meeting.filter(hash => known.has({ type: 1, hash }))
    expect(kept).toEqual(meeting.slice(-kept.length))
    expect(kept.length).toBe(32)
    // A few may be in the same chain by chance.
    expect(others.filter(one => known.has(one)).length).toBeGreaterThan(190)
    known.add({ type: 1, hash: meeting[0]! })
    expect(known.has({ type: 1, hash: meeting[0]! })).toBe(true)
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
