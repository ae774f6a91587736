import { describe, expect, test } from 'vitest'
import { Coalescer, LARGE_WRITE } from '../../src/transport/coalesce.js'

describe('the coalescer', () => {
  test('merges a run of small writes into one buffer, in order', () => {
    const coalescer = new Coalescer()
    const told: string[] = []
    coalescer.add(Uint8Array.of(1, 2), () => told.push('a'))
    coalescer.add(new Uint8Array(0))
    coalescer.add(Uint8Array.of(3), () => told.push('b'))
    const taken = coalescer.take()
    expect(taken.map(({ bytes }) => bytes)).toEqual([Uint8Array.of(1, 2, 3)])
    for (const done of taken[0]!.written) done()
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
    const taken = coalescer.take()
    expect(taken.map(({ bytes }) => bytes.length)).toEqual([2, LARGE_WRITE, LARGE_WRITE])
    expect(taken[1]!.bytes).toBe(large)
    expect(taken[2]!.bytes.at(-1)).toBe(5)
  })

  test('does not copy a write that stands alone', () => {
    const coalescer = new Coalescer()
    const alone = Uint8Array.of(1)
    coalescer.add(alone)
    expect(coalescer.take()[0]!.bytes).toBe(alone)
  })

  test('is empty at first, after take and after clear', () => {
    const coalescer = new Coalescer()
    expect(coalescer.empty).toBe(true)
    coalescer.add(Uint8Array.of(1))
    expect(coalescer.empty).toBe(false)
    coalescer.take()
    expect(coalescer.empty).toBe(true)
    expect(coalescer.take()).toEqual([])
    coalescer.add(Uint8Array.of(1))
    coalescer.clear()
    expect(coalescer.take()).toEqual([])
  })
})
