import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { equalBytes } from '../../src/wire/hex.js'
import { PayloadPieces } from '../../src/wire/payload-pieces.js'

const LARGE = 16_384
const numbered = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >>> 8)) & 0xff)

/** Gives the payload in pieces of these sizes, each a chunk of its own or the middle of a larger one. */
function pieces(payload: Uint8Array, sizes: readonly number[], around = 0): PayloadPieces {
  const taken = new PayloadPieces()
  let at = 0
  for (const size of sizes) {
    const end = Math.min(payload.length, at + size)
    const chunk = new Uint8Array(end - at + 2 * around)
    chunk.set(payload.subarray(at, end), around)
    taken.add(chunk, around, chunk.length - around, payload.length)
    at = end
  }
  taken.add(payload, at, payload.length, payload.length)
  return taken
}

test('a payload is the same whatever its pieces are', () => {
  const size = fc.oneof(fc.nat({ max: 3_000 }), fc.constantFrom(LARGE - 1, LARGE, LARGE + 1, 40_000))
  fc.assert(
    fc.property(
      fc.nat({ max: 100_000 }),
      fc.array(size, { maxLength: 12 }),
      fc.constantFrom(0, 1, 9_000, 30_000),
      (length, sizes, around) => {
        const payload = numbered(length)
        const taken = pieces(payload, sizes, around)
        expect(taken.length).toBe(length)
        const whole = taken.take()
        expect(equalBytes(whole, payload)).toBe(true)
        expect(whole.buffer.byteLength).toBe(length)
        expect(taken.length).toBe(0)
        expect(taken.held).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})

describe('what is held', () => {
  it('is the large pieces themselves', () => {
    const payload = numbered(3 * LARGE)
    const taken = new PayloadPieces()
    taken.add(payload.slice(0, LARGE), 0, LARGE, payload.length)
    taken.add(payload.slice(LARGE, 2 * LARGE), 0, LARGE, payload.length)
    expect(taken.held).toBe(2 * LARGE)
  })

  it('is never a buffer that is more than twice what is read of it', () => {
    const chunk = numbered(10 * LARGE)
    const taken = new PayloadPieces()
    taken.add(chunk, 0, 4 * LARGE, 8 * LARGE)
    expect(taken.held).toBe(8 * LARGE)
    const half = new PayloadPieces()
    half.add(chunk, 0, 5 * LARGE, 8 * LARGE)
    expect(half.held).toBe(chunk.length)
  })

  it('is at most twice what has come, and 1 KB, however small the pieces are', () => {
    const payload = numbered(9_000)
    const taken = new PayloadPieces()
    for (let at = 0; at < payload.length; at += 1) {
      taken.add(payload, at, at + 1, payload.length)
      expect(taken.held).toBeLessThanOrEqual(Math.max(1_024, 2 * (at + 1)))
    }
    expect(equalBytes(taken.take(), payload)).toBe(true)
  })
})

describe('room', () => {
  it('is for the whole, and what is written there needs no copy', () => {
    const payload = numbered(8 * LARGE)
    const taken = new PayloadPieces()
    taken.add(payload.slice(0, 2 * LARGE), 0, 2 * LARGE, payload.length)
    const room = taken.room(payload.length)
    expect(room?.length).toBe(6 * LARGE)
    expect(taken.held).toBe(payload.length)
    room?.set(payload.subarray(2 * LARGE))
    taken.add(room ?? payload, 0, 6 * LARGE, payload.length)
    const whole = taken.take()
    expect(whole.buffer).toBe(room?.buffer)
    expect(equalBytes(whole, payload)).toBe(true)
    expect([taken.length, taken.held, taken.room(payload.length)]).toEqual([0, 0, undefined])
  })

  it.each([
    ['before a quarter is here', 2 * LARGE - 1, 8 * LARGE, false],
    ['from a quarter on', 2 * LARGE, 8 * LARGE, true],
    ['while 16 KB are missing', 7 * LARGE, 8 * LARGE, true],
    ['for less than that', 7 * LARGE + 1, 8 * LARGE, false],
    ['for a payload that is smaller than that', 1_000, 4_000, false],
  ])('%s: %i of %i bytes', (_, here, length, isThere) => {
    const taken = new PayloadPieces()
    taken.add(numbered(here), 0, here, length)
    const { held } = taken
    expect(taken.room(length) !== undefined).toBe(isThere)
    expect(taken.held).toBe(isThere ? length : held)
  })

  it('is given once, until something was added', () => {
    const payload = numbered(8 * LARGE)
    const taken = new PayloadPieces()
    taken.add(payload, 0, 2 * LARGE, payload.length)
    const first = taken.room(payload.length)
    expect(taken.room(payload.length)).toBeUndefined()
    // It came elsewhere, as from a transport that delays what it reads.
    first?.fill(0xee)
    taken.add(payload, 2 * LARGE, 3 * LARGE, payload.length)
    const second = taken.room(payload.length)
    expect(second?.byteOffset).toBe(3 * LARGE)
    second?.set(payload.subarray(3 * LARGE))
    taken.add(second ?? payload, 0, 5 * LARGE, payload.length)
    expect(equalBytes(taken.take(), payload)).toBe(true)
  })

  it('changes nothing of a payload, whatever comes of it', () => {
    const size = fc.oneof(fc.nat({ max: 3_000 }), fc.constantFrom(LARGE - 1, LARGE, LARGE + 1, 40_000))
    const step = fc.record({ size, way: fc.constantFrom('none', 'there', 'part', 'elsewhere') })
    fc.assert(
      fc.property(fc.nat({ max: 200_000 }), fc.array(step, { maxLength: 12 }), (length, steps) => {
        const payload = numbered(length)
        const taken = new PayloadPieces()
        for (const { size, way } of [...steps, { size: length, way: 'none' }]) {
          const at = taken.length
          const room = way === 'none' ? undefined : taken.room(length)
          const end = Math.min(length, at + Math.min(size, room?.length ?? length))
          if (room === undefined || way === 'elsewhere')
            taken.add(payload.slice(at, end), 0, end - at, length)
          else {
            room.set(payload.subarray(at, end))
            // A transport may cut what it has read.
            const half = way === 'part' ? (end - at) >> 1 : 0
            taken.add(room, 0, half, length)
            taken.add(room.subarray(half), 0, end - at - half, length)
          }
        }
        expect(equalBytes(taken.take(), payload)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })
})
