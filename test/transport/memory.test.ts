import { asapScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
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
