import { describe, expect, test } from 'vitest'
import { type Batch, Coalescer, LARGE_WRITE, MAX_BATCH } from '../../src/transport/coalesce.js'

const sizes = ({ buffers }: Batch) => buffers.map(bytes => bytes.length)

/** All that a coalescer has, batch by batch. */
function drain(coalescer: Coalescer): readonly Batch[] {
  const batches: Batch[] = []
  while (!coalescer.empty) batches.push(coalescer.take())
  return batches
}

describe('the coalescer', () => {
  test('merges a run of small writes into one buffer, in order', () => {
    const coalescer = new Coalescer()
    const told: string[] = []
    coalescer.add(Uint8Array.of(1, 2), () => told.push('a'))
    coalescer.add(new Uint8Array(0))
    coalescer.add(Uint8Array.of(3), () => told.push('b'))
    const taken = coalescer.take()
    expect(taken.buffers).toEqual([Uint8Array.of(1, 2, 3)])
    for (const done of taken.written) done()
    expect(told).toEqual(['a', 'b'])
  })

  test('passes a large write on as it is, between the runs around it', () => {
    const coalescer = new Coalescer()
    const large = new Uint8Array(LARGE_WRITE)
    const small = Uint8Array.of(5)
    coalescer.add(Uint8Array.of(1))
    coalescer.add(Uint8Array.of(2))
    coalescer.add(large)
    coalescer.add(new Uint8Array(LARGE_WRITE - 1))
    coalescer.add(small)
    const { buffers } = coalescer.take()
    expect(buffers.map(bytes => bytes.length)).toEqual([2, LARGE_WRITE, LARGE_WRITE])
    expect(buffers[1]).toBe(large)
    expect(buffers[2]!.at(-1)).toBe(5)
  })

  test('does not copy a write that stands alone', () => {
    const coalescer = new Coalescer()
    const alone = Uint8Array.of(1)
    coalescer.add(alone)
    expect(coalescer.take().buffers[0]).toBe(alone)
  })

  test('is empty at first, after take and after clear', () => {
    const coalescer = new Coalescer()
    expect(coalescer.empty).toBe(true)
    coalescer.add(Uint8Array.of(1))
    expect(coalescer.empty).toBe(false)
    coalescer.take()
    expect(coalescer.empty).toBe(true)
    expect(coalescer.take()).toEqual({ buffers: [], written: [] })
    coalescer.add(Uint8Array.of(1))
    coalescer.clear()
    expect(coalescer.take()).toEqual({ buffers: [], written: [] })
  })
  test('gives 256 KB at a time: cuts a large write, and tells of it with its last byte', () => {
    const coalescer = new Coalescer()
    const told: string[] = []
    const large = Uint8Array.from({ length: 700_000 }, (_, i) => i % 251)
    coalescer.add(Uint8Array.of(1, 2, 3), () => told.push('before'))
    coalescer.add(large, () => told.push('large'))
    coalescer.add(Uint8Array.of(4), () => told.push('behind'))
    const batches = drain(coalescer)
    expect(MAX_BATCH).toBe(262_144)
    expect(batches.map(sizes)).toEqual([[3, 262_141], [262_144], [175_715, 1]])
    const tellings = batches.map(({ written }) => {
      for (const done of written) done()
      return told.splice(0)
    })
    expect(tellings).toEqual([['before'], [], ['large', 'behind']])
    const pieces = batches.flatMap(({ buffers }) => buffers).slice(1, -1)
    expect(Buffer.compare(Buffer.concat(pieces), large)).toBe(0)
    // Cut, not copied.
    expect(pieces.every(({ buffer }) => buffer === large.buffer)).toBe(true)
  })

  test('gives small writes in batches of 256 KB at most, whole and in order', () => {
    const coalescer = new Coalescer()
    const told: number[] = []
    for (let i = 0; i < 1_000; i += 1) coalescer.add(new Uint8Array(1_000).fill(i % 251), () => told.push(i))
    const batches = drain(coalescer)
    expect(batches.map(sizes)).toEqual([[262_000], [262_000], [262_000], [214_000]])
    expect(batches.map(({ written }) => written.length)).toEqual([262, 262, 262, 214])
    for (const { written } of batches) for (const done of written) done()
    expect(told).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
    expect(batches[1]!.buffers[0]![0]).toBe(262 % 251)
  })

  test('takes no bytes for a write where nothing else waits, and adds no buffer where something does', () => {
    const coalescer = new Coalescer()
    const told: string[] = []
    coalescer.add(new Uint8Array(0), () => told.push('alone'))
    const alone = coalescer.take()
    expect(sizes(alone)).toEqual([0])
    coalescer.add(new Uint8Array(LARGE_WRITE), () => told.push('large'))
    for (let i = 0; i < 3; i += 1) coalescer.add(new Uint8Array(0), () => told.push('behind'))
    const behind = coalescer.take()
    expect(sizes(behind)).toEqual([LARGE_WRITE])
    for (const done of [...alone.written, ...behind.written]) done()
    expect(told).toEqual(['alone', 'large', 'behind', 'behind', 'behind'])
  })

  test('holds hundreds of thousands of callbacks', () => {
    const coalescer = new Coalescer()
    let told = 0
    coalescer.add(new Uint8Array(LARGE_WRITE))
    for (let i = 0; i < 300_000; i += 1) {
      coalescer.add(new Uint8Array(0), () => {
        told += 1
      })
    }
    coalescer.add(Uint8Array.of(1))
    for (const { written } of drain(coalescer)) for (const done of written) done()
    expect(told).toBe(300_000)
  })
})
