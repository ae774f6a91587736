import { filter, firstValueFrom, map, ReplaySubject, scan, take, toArray } from 'rxjs'
import { afterEach, describe, expect, test } from 'vitest'
import { type Connection, TransportError } from '../../src/stream/connection.js'
import { eventually, turns } from '../support/eventually.js'

/** What a kind of transport cannot do by its nature, so that its part of the suite is left out. */
export type Lack = 'half-close' | 'reset' | 'backpressure' | 'one-chunk'

/** Everything that a connection's `bytes$` does, written down. */
export class Recorder {
  readonly chunks: Uint8Array[] = []
  size = 0
  ended: 'no' | 'complete' | 'error' = 'no'
  error: unknown
  readonly #subscription

  constructor(connection: Connection) {
    this.#subscription = connection.bytes$.subscribe({
      next: chunk => {
        this.chunks.push(chunk)
        this.size += chunk.length
      },
      complete: () => {
        this.ended = 'complete'
      },
      error: (error: unknown) => {
        this.ended = 'error'
        this.error = error
      },
    })
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.chunks)
  }

  stop(): void {
    this.#subscription.unsubscribe()
  }
}

/** Bytes in which any two places near each other differ, so that a swap or a loss shows. */
export function pattern(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31 + (i >> 8) * 17 + seed) & 0xff
  return bytes
}

/** Compares without printing megabytes. */
export function expectSame(seen: Uint8Array, wanted: Uint8Array): void {
  expect(seen.length).toBe(wanted.length)
  expect(Buffer.compare(seen, wanted)).toBe(0)
}

/** Lengths from a fixed sequence: many short, some long. */
function* lengths(count: number): Generator<number> {
  let state = 0x2545f491
  for (let i = 0; i < count; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield i % 37 === 0 ? state % 200_000 : state % 300
  }
}

/**
 * What every transport's connection has to do. To add a transport, call it with a function that gives two ends of a
 * fresh connection.
 * @param lacks - what the transport cannot do by its nature
 */
export function connectionContract(
  name: string,
  makePair: () => Promise<readonly [Connection, Connection]>,
  lacks: readonly Lack[] = [],
): void {
  const made: Connection[] = []
  const pair = async () => {
    const ends = await makePair()
    made.push(...ends)
    return ends
  }
  const unless = (lack: Lack) => test.skipIf(lacks.includes(lack))

  describe(`${name}: the contract of connections`, () => {
    afterEach(() => {
      for (const connection of made.splice(0)) connection.abort()
    })

    test('keeps the order of many writes of many sizes, both ways', async () => {
      const ends = await pair()
      const recorders = ends.map(end => new Recorder(end))
      const sent: Uint8Array[][] = [[], []]
      let seed = 0
      for (const length of lengths(500)) {
        const side = seed % 2
        const bytes = pattern(length, seed)
        sent[side]!.push(bytes)
        ends[side]!.write(bytes)
        seed += 1
        if (seed % 25 === 0) await turns(1)
      }
      const [there, back] = sent.map(chunks => Buffer.concat(chunks))
      await eventually(() => recorders[1]!.size >= there!.length && recorders[0]!.size >= back!.length)
      expectSame(recorders[1]!.bytes, there!)
      expectSame(recorders[0]!.bytes, back!)
    })

    unless('one-chunk')('sends the writes of one tick as one chunk', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      for (let i = 0; i < 100; i += 1) near.write(Uint8Array.of(i))
      await eventually(() => recorder.size === 100)
      expect(recorder.chunks).toHaveLength(1)
      expectSame(
        recorder.bytes,
        Uint8Array.from({ length: 100 }, (_, i) => i),
      )
    })

    test('emits plain Uint8Arrays that nobody else touches', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      const bytes = Uint8Array.of(1, 2, 3)
      let written = false
      near.write(bytes, () => {
        written = true
        bytes.fill(9) // the writer's again
      })
      await eventually(() => written && recorder.size === 3)
      near.write(pattern(50))
      await eventually(() => recorder.size === 53)
      expect(Object.getPrototypeOf(recorder.chunks[0])).toBe(Uint8Array.prototype)
      expect(recorder.chunks[0]).toEqual(Uint8Array.of(1, 2, 3))
    })

    test('is silent until subscribed, and loses nothing', async () => {
      const [near, far] = await pair()
      const early = pattern(200_000)
      near.write(early)
      await turns()
      near.write(Uint8Array.of(7))
      await turns()
      const recorder = new Recorder(far)
      await eventually(() => recorder.size === early.length + 1)
      expectSame(recorder.bytes, Buffer.concat([early, Uint8Array.of(7)]))
    })

    test('has one subscriber; a second gets a TypeError and does not disturb the first', async () => {
      const [near, far] = await pair()
      const first = new Recorder(far)
      const second = new Recorder(far)
      expect(second.error).toBeInstanceOf(TypeError)
      expect(String(second.error)).toContain('one subscriber')
      near.write(Uint8Array.of(1))
      await eventually(() => first.size === 1)
      first.stop()
      expect(new Recorder(far).error).toBeInstanceOf(TypeError)
    })

    test('unsubscribing stops delivery and leaves the connection open', async () => {
      const [near, far] = await pair()
      const back = new Recorder(near)
      const recorder = new Recorder(far)
      near.write(Uint8Array.of(1))
      await eventually(() => recorder.size === 1)
      recorder.stop()
      near.write(Uint8Array.of(2))
      await turns()
      let written = false
      far.write(Uint8Array.of(3), () => {
        written = true
      })
      await eventually(() => back.size === 1 && written)
      expect(recorder.size).toBe(1)
      expect(back.ended).toBe('no')
    })

    test('take(1) gets one chunk', async () => {
      const [near, far] = await pair()
      near.write(Uint8Array.of(1, 2))
      const chunks = await firstValueFrom(far.bytes$.pipe(take(1), toArray()))
      expect(chunks).toEqual([Uint8Array.of(1, 2)])
    })

    test('calls written once, in order, and not within write', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      const order: number[] = []
      for (let i = 0; i < 10; i += 1) near.write(pattern(i % 3 === 0 ? 70_000 : 10, i), () => order.push(i))
      near.write(new Uint8Array(0), () => order.push(10))
      expect(order).toEqual([])
      await eventually(() => order.length >= 11 && recorder.size === 4 * 70_000 + 60)
      await turns()
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    })

    test('calls no further written after an abort', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      const called: number[] = []
      near.write(Uint8Array.of(1), () => {
        called.push(1)
        near.abort()
      })
      near.write(Uint8Array.of(2), () => called.push(2))
      await eventually(() => called.length > 0 && recorder.ended !== 'no')
      await turns()
      expect(called).toEqual([1])
    })

    test('close writes what is queued, then completes the remote, and calls written', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      let written = 0
      near.write(pattern(300_000), () => {
        written += 1
      })
      near.write(pattern(10, 3), () => {
        written += 1
      })
      near.close()
      await eventually(() => recorder.ended !== 'no' && written === 2)
      expect(recorder.ended).toBe('complete')
      expectSame(recorder.bytes, Buffer.concat([pattern(300_000), pattern(10, 3)]))
    })

    test('completes a late subscriber after everything was delivered', async () => {
      const [near, far] = await pair()
      near.write(pattern(100))
      near.close()
      await turns()
      const recorder = new Recorder(far)
      await eventually(() => recorder.ended !== 'no')
      expect(recorder.ended).toBe('complete')
      expectSame(recorder.bytes, pattern(100))
    })

    unless('half-close')('can still write after the remote has closed', async () => {
      const [near, far] = await pair()
      const own = new Recorder(near)
      const recorder = new Recorder(far)
      near.close()
      await eventually(() => recorder.ended === 'complete')
      const written = new ReplaySubject<void>()
      far.write(pattern(100), () => written.next())
      await firstValueFrom(written)
      far.close()
      await turns()
      expect(own).toMatchObject({ size: 0, ended: 'no' })
    })

    test('is silent after its own close: no bytes, no end', async () => {
      const [near, far] = await pair()
      const own = new Recorder(near)
      const recorder = new Recorder(far)
      near.close()
      far.write(pattern(10))
      await eventually(() => recorder.ended === 'complete')
      far.close()
      await turns()
      expect(own).toMatchObject({ size: 0, ended: 'no' })
      const late = new ReplaySubject<string>()
      const [other, remote] = await pair()
      other.abort()
      other.bytes$.subscribe({ error: () => late.next('error'), complete: () => late.next('complete') })
      late.complete()
      await turns()
      remote.abort()
      await expect(firstValueFrom(late, { defaultValue: 'nothing' })).resolves.toBe('nothing')
    })

    unless('reset')('abort drops what is queued and resets the remote', async () => {
      const [near, far] = await pair()
      const own = new Recorder(near)
      const recorder = new Recorder(far)
      far.write(Uint8Array.of(1))
      await eventually(() => own.size === 1)
      let written = false
      near.write(pattern(100), () => {
        written = true
      })
      near.abort()
      await eventually(() => recorder.ended !== 'no')
      expect(recorder.error).toBeInstanceOf(TransportError)
      expect(recorder.error).toMatchObject({ code: 'connection-reset' })
      await turns()
      expect(recorder.size).toBe(0)
      expect(written).toBe(false)
      expect(own).toMatchObject({ size: 1, ended: 'no' })
    })

    unless('reset')('tells a late subscriber of a reset, and nobody else', async () => {
      const [near, far] = await pair()
      near.abort()
      await turns()
      far.write(Uint8Array.of(1)) // finds out at the latest now
      await turns()
      const recorder = new Recorder(far)
      await eventually(() => recorder.ended !== 'no')
      expect(recorder.error).toMatchObject({ name: 'TransportError', code: 'connection-reset' })
    })

    test('close and abort are idempotent, in any order, and writes afterwards are ignored', async () => {
      for (const order of ['close close', 'abort abort', 'close abort', 'abort close']) {
        const [near, far] = await pair()
        const recorder = new Recorder(far)
        for (const step of order.split(' ')) {
          if (step === 'close') near.close()
          else near.abort()
        }
        let written = false
        near.write(Uint8Array.of(1), () => {
          written = true
        })
        near.pause()
        near.resume()
        await eventually(() => recorder.ended !== 'no')
        await turns()
        expect(written, order).toBe(false)
        expect(recorder.size, order).toBe(0)
      }
    })

    test('pauses and resumes without loss', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      near.write(Uint8Array.of(1))
      await eventually(() => recorder.size === 1)
      far.pause()
      await turns()
      near.write(Uint8Array.of(2))
      await turns()
      const whilePaused = recorder.size
      far.resume()
      await eventually(() => recorder.size === 2)
      expect(whilePaused).toBe(1)
      expectSame(recorder.bytes, Uint8Array.of(1, 2))
    })

    test('pause before the subscription holds too', async () => {
      const [near, far] = await pair()
      far.pause()
      const recorder = new Recorder(far)
      near.write(Uint8Array.of(2))
      await turns()
      expect(recorder.size).toBe(0)
      far.resume()
      await eventually(() => recorder.size === 1)
    })

    unless('backpressure')(
      'a paused remote stops the sender, and a resumed one gets everything in order',
      async () => {
        const [near, far] = await pair()
        const sent$ = new ReplaySubject<number>()
        const recorder = new Recorder(far)
        far.pause()
        const piece = 1_000_000
        const count = 32
        const send = (i: number) => near.write(pattern(piece, i), () => sent$.next(i))
        send(0)
        await firstValueFrom(sent$) // the first leaves
        for (let i = 1; i < count; i += 1) send(i)
        near.write(Uint8Array.of(1), () => sent$.next(count))
        await turns(200)
        let settled = -1
        sent$.subscribe(i => {
          settled = i
        })
        expect(recorder.size).toBe(0)
        expect(settled).toBeLessThan(count)
        far.resume()
        const total = sent$.pipe(
          scan(seen => seen + 1, 0),
          filter(seen => seen === count + 1),
          map(() => 'all written'),
        )
        await expect(firstValueFrom(total)).resolves.toBe('all written')
        await eventually(() => recorder.size === count * piece + 1)
        let at = 0
        const all = recorder.bytes
        for (let i = 0; i < count; i += 1) {
          expectSame(all.subarray(at, at + piece), pattern(piece, i))
          at += piece
        }
      },
    )

    test('survives what its subscriber does in the middle of a chunk', async () => {
      const acts: Record<string, (far: Connection) => void> = {
        close: far => far.close(),
        abort: far => far.abort(),
        pause: far => far.pause(),
      }
      for (const [act, run] of Object.entries(acts)) {
        const [near, far] = await pair()
        let seen = 0
        let ended = false
        far.bytes$.subscribe({
          next: () => {
            seen += 1
            run(far)
          },
          error: () => {
            ended = true
          },
          complete: () => {
            ended = true
          },
        })
        near.write(Uint8Array.of(1))
        await eventually(() => seen === 1)
        near.write(Uint8Array.of(2))
        await turns()
        expect(seen, act).toBe(1)
        expect(ended, act).toBe(false)
      }
    })
  })
}
