import { asapScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { virtualTime } from '../../src/testing/virtual-time.js'
import { DEFAULT_MEMORY_CAPACITY, memoryPair } from '../../src/transport/memory.js'
import { turns } from '../support/eventually.js'
import { connectionContract, pattern, Recorder } from './contract.js'

connectionContract('memory', async () => memoryPair())

describe('the in-memory pair', () => {
  test('delivers within virtual time at the time of the write, a tick as one chunk, in order', () => {
    new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted)).run(({ cold, expectObservable }) => {
      const [near, far] = memoryPair()
      cold('a-b--c|').subscribe({
        next: letter => {
          near.write(Uint8Array.of(letter.charCodeAt(0)))
          near.write(Uint8Array.of(0))
        },
        complete: () => near.close(),
      })
      expectObservable(far.bytes$).toBe('a-b--c|', {
        a: Uint8Array.of(97, 0),
        b: Uint8Array.of(98, 0),
        c: Uint8Array.of(99, 0),
      })
    })
  })

  test('takes a TestScheduler, outside of run too', () => {
    const scheduler = new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted))
    const [near, far] = memoryPair({ scheduler })
    const recorder = new Recorder(far)
    near.write(Uint8Array.of(1))
    expect(recorder.size).toBe(0)
    scheduler.flush()
    expect(recorder.size).toBe(1)
    expect(scheduler.frame).toBe(0)
  })

  test('schedules once for all writes of a tick, always without delay', async () => {
    const [near, far] = memoryPair()
    const recorder = new Recorder(far)
    await turns()
    const schedule = vi.spyOn(asapScheduler, 'schedule')
    onTestFinished(() => schedule.mockRestore())
    for (let i = 0; i < 50; i += 1) near.write(Uint8Array.of(i))
    await turns()
    expect(recorder.chunks).toHaveLength(1)
    expect(schedule.mock.calls.map(([, delay]) => delay ?? 0)).toEqual([0])
  })

  test('nothing stays scheduled once both ends are closed', () => {
    const scheduler = new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted))
    const [near, far] = memoryPair({ scheduler })
    const recorder = new Recorder(far)
    near.write(Uint8Array.of(1))
    near.close()
    far.close()
    scheduler.flush()
    expect(recorder.ended).toBe('no')
    expect(scheduler.actions).toEqual([])
  })

  test('a written callback may write and close', () => {
    const scheduler = new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted))
    const [near, far] = memoryPair({ scheduler })
    const recorder = new Recorder(far)
    near.write(Uint8Array.of(1), () => {
      near.write(Uint8Array.of(2))
      near.close()
    })
    scheduler.flush()
    expect(recorder.bytes).toEqual(Buffer.of(1, 2))
    expect(recorder.ended).toBe('complete')
  })

  test('an abort within a written callback is a reset too', () => {
    const scheduler = new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted))
    const [near, far] = memoryPair({ scheduler })
    const recorder = new Recorder(far)
    near.write(Uint8Array.of(1), () => near.abort())
    scheduler.flush()
    expect(recorder.error).toMatchObject({ code: 'connection-reset' })
  })

  test('stalls the writer at the capacity', () => {
    const scheduler = new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted))
    const [near, far] = memoryPair({ scheduler, capacity: 10 })
    const recorder = new Recorder(far)
    far.pause()
    const written: number[] = []
    for (const i of [1, 2, 3]) {
      near.write(pattern(9), () => written.push(i))
      scheduler.flush()
    }
    expect(written).toEqual([1, 2])
    far.resume()
    scheduler.flush()
    expect(written).toEqual([1, 2, 3])
    expect(recorder.size).toBe(27)
  })

  test('delivers hundreds of thousands of waiting chunks in order', () => {
    const time = virtualTime()
    const [near, far] = memoryPair({ scheduler: time.scheduler, capacity: Number.POSITIVE_INFINITY })
    far.pause()
    const count = 300_000
    for (let i = 0; i < count; i += 1) {
      near.write(Uint8Array.of(i % 251))
      time.advance(0)
    }
    let seen = 0
    let inOrder = true
    far.bytes$.subscribe(chunk => {
      inOrder &&= chunk.length === 1 && chunk[0] === seen % 251
      seen += 1
    })
    far.resume()
    time.advance(0)
    expect({ seen, inOrder }).toEqual({ seen: count, inOrder: true })
  }, 5_000) // A list that moves up with each chunk that is taken needs a minute.

  test('keeps the order of chunks that come while others wait', () => {
    const time = virtualTime()
    const [near, far] = memoryPair({ scheduler: time.scheduler })
    const seen: number[] = []
    let stop = 3
    far.bytes$.subscribe(chunk => {
      seen.push(...chunk)
      if (seen.length === stop) far.pause()
    })
    far.pause()
    for (let i = 0; i < 20; i += 1) {
      near.write(Uint8Array.of(i))
      time.advance(0)
      if (i % 5 !== 4) continue
      far.resume()
      time.advance(0)
      stop += 3
    }
    expect(seen).toHaveLength(12)
    stop = Number.POSITIVE_INFINITY
    far.resume()
    time.advance(0)
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  test('holds the capacity and 256 KB more at most, however much is written', () => {
    const time = virtualTime()
    const [near, far] = memoryPair({ scheduler: time.scheduler, capacity: 100_000 })
    far.pause()
    let taken = 0
    for (let i = 0; i < 100; i += 1) {
      near.write(new Uint8Array(50_000), () => {
        taken += 50_000
      })
    }
    time.advance(0)
    expect(taken).toBe(250_000)
    const chunks: number[] = []
    far.bytes$.subscribe(({ length }) => chunks.push(length))
    far.resume()
    time.advance(0)
    expect(Math.max(...chunks)).toBeLessThanOrEqual(262_144)
    expect(chunks.reduce((sum, length) => sum + length)).toBe(5_000_000)
    expect(time.now).toBe(0)
  })

  test('an end that closes throws away what waits, so that the writer goes on', () => {
    const scheduler = new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted))
    const [near, far] = memoryPair({ scheduler, capacity: 10 })
    const written: number[] = []
    near.write(pattern(10), () => written.push(1))
    scheduler.flush()
    near.write(pattern(10), () => written.push(2))
    scheduler.flush()
    expect(written).toEqual([1])
    far.close()
    scheduler.flush()
    expect(written).toEqual([1, 2])
  })

  test('an end that aborts after it was reset says nothing of the reset', () => {
    const scheduler = new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted))
    const [near, far] = memoryPair({ scheduler })
    near.abort()
    scheduler.flush()
    far.abort()
    const recorder = new Recorder(far)
    scheduler.flush()
    expect(recorder.ended).toBe('no')
  })

  test('a reset while bytes and the FIN wait is an error, not an end', () => {
    const scheduler = new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted))
    const [near, far] = memoryPair({ scheduler })
    const recorder = new Recorder(far)
    far.pause()
    near.write(pattern(9))
    near.close()
    scheduler.flush()
    near.abort()
    scheduler.flush()
    expect(recorder).toMatchObject({ size: 0, ended: 'error' })
  })

  test('knows its ends', () => {
    const [near, far] = memoryPair()
    expect(near.local).toEqual(far.remote)
    expect(near.remote).toEqual(far.local)
    const endpoints = [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ] as const
    const [a, b] = memoryPair({ endpoints })
    expect([a.local, b.local]).toEqual(endpoints)
    expect(a.proxied).toBe(false)
  })

  test('refuses a capacity that lets nothing through', () => {
    expect(() => memoryPair({ capacity: 0 })).toThrow(TypeError)
    expect(() => memoryPair({ capacity: Number.NaN })).toThrow(TypeError)
    expect(DEFAULT_MEMORY_CAPACITY).toBe(65_536)
  })
})
