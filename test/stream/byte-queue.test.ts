import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteQueue, FIRST_SLAB, SLAB } from '../../src/stream/byte-queue.js'
import { collected } from '../support/garbage.js'

/** Bytes that tell where they come from. */
function numbered(from: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (from + i) % 251)
}

function drained(queue: ByteQueue, limit = Number.POSITIVE_INFINITY): Uint8Array[] {
  const taken: Uint8Array[] = []
  for (let piece = queue.take(limit); piece !== undefined; piece = queue.take(limit)) taken.push(piece)
  return taken
}

describe('ByteQueue', () => {
  it('has nothing to take where nothing waits', () => {
    const queue = new ByteQueue()
    expect(queue.take(100)).toBeUndefined()
    queue.push(new Uint8Array(0))
    expect(queue.length).toBe(0)
    expect(queue.take(100)).toBeUndefined()
    queue.push(Uint8Array.of(1))
    expect(queue.take(100)).toEqual(Uint8Array.of(1))
    expect(queue.take(100)).toBeUndefined()
  })

  it('packs small pieces closely: in slabs of 1 KiB, and of twice as much each time up to 16 KiB', () => {
    const queue = new ByteQueue()
    const full = [1, 2, 4, 8, 16, 16].map(kib => kib * 1_024)
    const sum = full.reduce((all, one) => all + one)
    for (let i = 0; i < sum / 32 + 1; i += 1) queue.push(numbered(i * 32, 32))
    expect(queue.length).toBe(sum + 32)
    const pieces = drained(queue)
    expect(pieces.map(({ length }) => length)).toEqual([...full, 32])
    expect(pieces.map(({ buffer }) => buffer.byteLength)).toEqual([...full, SLAB])
  })

  it('begins small again, and keeps no slab, once all is taken', () => {
    const queue = new ByteQueue()
    for (let i = 0; i < 100; i += 1) queue.push(numbered(0, 1_000))
    const slabs = drained(queue).map(({ buffer }) => new WeakRef(buffer))
    return collected().then(() => {
      expect(slabs.filter(slab => slab.deref() !== undefined)).toEqual([])
      queue.push(numbered(0, 32))
      expect(queue.take(100)?.buffer.byteLength).toBe(FIRST_SLAB)
    })
  })

  it('makes room for a small piece that the first slab is too small for', () => {
    const queue = new ByteQueue()
    queue.push(numbered(0, 3_000))
    expect(queue.take(SLAB)?.buffer.byteLength).toBe(3_000)
  })

  it('copies what is small, so that its owner may write over it', () => {
    const queue = new ByteQueue()
    const bytes = Uint8Array.of(1, 2, 3)
    queue.push(bytes)
    bytes.fill(9)
    expect(queue.take(100)).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('keeps what is large as it is, from a quarter of a slab on', () => {
    for (const [size, kept] of [
      [SLAB / 4 - 1, false],
      [SLAB / 4, true],
    ] as const) {
      const queue = new ByteQueue()
      const bytes = numbered(0, size)
      queue.push(bytes)
      expect(queue.take(SLAB)?.buffer === bytes.buffer).toBe(kept)
    }
  })

  it('takes at most what it is asked for', () => {
    const queue = new ByteQueue()
    queue.push(numbered(0, 10_000))
    expect(queue.take(4_000)).toEqual(numbered(0, 4_000))
    expect(queue.length).toBe(6_000)
    expect(queue.take(6_000)).toEqual(numbered(4_000, 6_000))
    expect(queue.length).toBe(0)
  })

  it('gives the same bytes in the same order, in whatever pieces they come and go', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: SLAB / 4 - 2, max: SLAB / 4 + 2 }),
      fc.integer({ min: 0, max: 3 * SLAB }),
    )
    const steps = fc.record({ take: fc.boolean(), size: sizes })
    fc.assert(
      fc.property(fc.array(steps), all => {
        const queue = new ByteQueue()
        const taken: { piece: Uint8Array; copy: Uint8Array }[] = []
        let pushed = 0
        let left = 0
        const take = (limit: number) => {
          const piece = queue.take(limit)
          expect(piece === undefined).toBe(queue.length + (piece?.length ?? 0) === 0)
          if (piece === undefined) return
          expect(piece.length).toBeGreaterThan(0)
          expect(piece.length).toBeLessThanOrEqual(limit)
          taken.push({ piece, copy: Uint8Array.from(piece) })
          left -= piece.length
        }
        for (const { take: taking, size } of all) {
          if (taking) take(size + 1)
          else {
            queue.push(numbered(pushed, size))
            pushed += size
            left += size
          }
          expect(queue.length).toBe(left)
        }
        while (queue.length > 0) take(SLAB)
        // What was taken once is never written to again.
        for (const { piece, copy } of taken) expect(Buffer.compare(piece, copy)).toBe(0)
        const together = Buffer.concat(taken.map(({ copy }) => copy))
        expect(together.equals(numbered(0, pushed))).toBe(true)
      }),
    )
  })

  it('never writes into what was taken, though it shares a slab', () => {
    const queue = new ByteQueue()
    queue.push(numbered(0, 100))
    const first = queue.take(50)
    queue.push(numbered(100, 100))
    const rest = drained(queue)
    expect(first).toEqual(numbered(0, 50))
    expect(rest).toEqual([numbered(50, 50), numbered(100, 100)])
  })

  it('forgets everything when it is cleared', () => {
    const queue = new ByteQueue()
    queue.push(numbered(0, 100))
    queue.push(numbered(0, 10_000))
    queue.push(numbered(0, 100))
    queue.clear()
    expect(queue.length).toBe(0)
    expect(queue.take(100)).toBeUndefined()
    queue.push(numbered(7, 100))
    expect(drained(queue)).toEqual([numbered(7, 100)])
  })
})
