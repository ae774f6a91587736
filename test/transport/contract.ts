import { firstValueFrom, ReplaySubject, take, toArray } from 'rxjs'
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
      'a remote that does not read stops the sender, who sees how far it came; a resumed one gets everything',
      async () => {
        const [near, far] = await pair()
        const recorder = new Recorder(far)
        far.pause()
        const piece = 250_000
        const count = 128
        const order: number[] = []
        // In one tick: what was handed over all at once would be written all at once, or not at all.
        for (let i = 0; i < count; i += 1) near.write(pattern(piece, i), () => order.push(i))
        near.write(Uint8Array.of(1), () => order.push(count))
        await eventually(() => order.length > 0)
        await turns(200)
        expect(recorder.size).toBe(0)
        expect(order.length).toBeLessThan(count)
        far.resume()
        await eventually(() => order.length > count && recorder.size === count * piece + 1)
        expect(order).toEqual(Array.from({ length: count + 1 }, (_, i) => i))
        const all = recorder.bytes
        for (let i = 0; i < count; i += 1) {
          expectSame(all.subarray(i * piece, (i + 1) * piece), pattern(piece, i))
        }
      },
    )

    unless('backpressure')(
      'a large write is written with its last byte, however slowly it is read',
      async () => {
        const [near, far] = await pair()
        const size = 32_000_000
        const told: string[] = []
        near.write(pattern(size), () => told.push('large'))
        near.write(Uint8Array.of(1), () => told.push('small'))
        far.pause()
        const chunks: Uint8Array[] = []
        let read = 0
        let reading = 0
        far.bytes$.subscribe(chunk => {
          chunks.push(chunk)
          read += chunk.length
          if (read >= reading) far.pause()
        })
        // No transport has room for so much.
        for (const most of [1, size / 4, size / 2]) {
          await turns(50)
          expect(told).toEqual([])
          expect(read).toBeLessThan(size)
          reading = most
          far.resume()
          await eventually(() => read >= most)
        }
        near.write(Uint8Array.of(2), () => told.push('later'))
        reading = Number.POSITIVE_INFINITY
        far.resume()
        await eventually(() => read === size + 2 && told.length === 3)
        expect(told).toEqual(['large', 'small', 'later'])
        expectSame(Buffer.concat(chunks), Buffer.concat([pattern(size), Uint8Array.of(1, 2)]))
      },
    )

    test('close writes all that waits, also what was not yet handed over', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      far.pause()
      const told: string[] = []
      const sizes = [16_000_000, 400_000, 10, 400_000]
      near.write(pattern(sizes[0]!, 0), () => told.push('0'))
      await turns()
      for (let i = 1; i < sizes.length; i += 1) near.write(pattern(sizes[i]!, i), () => told.push(`${i}`))
      near.close()
      await turns()
      far.resume()
      await eventually(() => recorder.ended !== 'no' && told.length === sizes.length)
      expect(recorder.ended).toBe('complete')
      expect(told).toEqual(['0', '1', '2', '3'])
      expectSame(recorder.bytes, Buffer.concat(sizes.map(pattern)))
    })

    test('abort drops all that waits, also what was not yet handed over', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      far.pause()
      let told = 0
      near.write(pattern(32_000_000), () => {
        told += 1
      })
      await turns()
      near.write(pattern(10), () => {
        told += 1
      })
      near.abort()
      await turns()
      far.resume()
      await eventually(() => recorder.ended !== 'no')
      await turns()
      expect(told).toBe(0)
      expect(recorder.size).toBeLessThan(32_000_000)
    })

    test('calls written in the order of the writes, whatever their sizes and ticks', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      const order: number[] = []
      const sizes = [600_000, 0, 1, 262_144, 262_145, 0, 0, 65_535, 65_536, 300_000, 10, 262_143, 2, 0]
      for (const [i, size] of sizes.entries()) {
        near.write(pattern(size, i), () => order.push(i))
        if (i % 4 === 1) await turns(1)
      }
      const total = sizes.reduce((sum, size) => sum + size)
      await eventually(() => order.length === sizes.length && recorder.size === total)
      await turns()
      expect(order).toEqual(sizes.map((_, i) => i))
    })

    unless('reset')(
      'a write of no bytes finds out about a reset while paused and while bytes wait',
      async () => {
        const [near, far] = await pair()
        const recorder = new Recorder(far)
        far.pause()
        near.write(pattern(200_000))
        await turns()
        near.abort()
        await turns()
        far.write(new Uint8Array(0))
        await eventually(() => recorder.ended !== 'no')
        expect(recorder.error).toMatchObject({ name: 'TransportError', code: 'connection-reset' })
        far.resume()
        await turns()
        expect(recorder.size).toBe(0)
      },
    )

    test('a write of no bytes does nothing to a connection that stands, paused or not', async () => {
      const [near, far] = await pair()
      const recorders = [new Recorder(near), new Recorder(far)]
      far.pause()
      let told = 0
      for (let i = 0; i < 3; i += 1) {
        far.write(new Uint8Array(0), () => {
          told += 1
        })
        await eventually(() => told === i + 1)
      }
      far.resume()
      far.write(Uint8Array.of(7))
      near.write(Uint8Array.of(8))
      await eventually(() => recorders.every(({ size }) => size === 1))
      expect(recorders.map(({ chunks, ended }) => [chunks.length, ended])).toEqual([
        [1, 'no'],
        [1, 'no'],
      ])
    })

    test('an end in order waits behind the bytes that wait while paused', async () => {
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      far.pause()
      near.write(pattern(200_000))
      near.close()
      await turns()
      far.write(new Uint8Array(0))
      await turns()
      expect(recorder).toMatchObject({ size: 0, ended: 'no' })
      far.resume()
      await eventually(() => recorder.ended !== 'no')
      expect(recorder.ended).toBe('complete')
      expectSame(recorder.bytes, pattern(200_000))
    })

    test('a written callback that throws ends its connection with the error, and nothing else', async () => {
      const cause = new Error('the owner of the callback is at fault')
      const [near, far] = await pair()
      const [calm, remote] = await pair()
      const recorders = [near, far, remote].map(end => new Recorder(end))
      const told: string[] = []
      near.write(Uint8Array.of(1), () => {
        told.push('thrown')
        throw cause
      })
      near.write(Uint8Array.of(2), () => told.push('never'))
      calm.write(Uint8Array.of(3), () => told.push('calm'))
      await eventually(() => recorders[0]!.ended !== 'no' && recorders[1]!.ended !== 'no' && told.length >= 2)
      await turns()
      expect(told.sort()).toEqual(['calm', 'thrown'])
      expect(recorders[0]!.error).toMatchObject({ name: 'TransportError', code: 'callback-failed', cause })
      expect(recorders[2]).toMatchObject({ size: 1, ended: 'no' })
    })

    test('a written callback that throws before anybody listens is told to whoever comes', async () => {
      const cause = new Error('the owner of the callback is at fault')
      const [near, far] = await pair()
      const recorder = new Recorder(far)
      near.write(Uint8Array.of(1), () => {
        throw cause
      })
      await eventually(() => recorder.ended !== 'no')
      await turns()
      const late = new Recorder(near)
      await eventually(() => late.ended !== 'no')
      expect(late.error).toMatchObject({ code: 'callback-failed', cause })
    })

    const ends: readonly ('close' | 'abort')[] = ['close', 'abort']
    for (const own of ends) {
      for (const theirs of ends) {
        for (const listens of ['before', 'after', 'at the end'] as const) {
          test(`own ${own}, then their ${theirs}: silent for whoever listens ${listens}`, async () => {
            const [near, far] = await pair()
            const other = new Recorder(far)
            const heard: Recorder[] = []
            if (listens === 'before') heard.push(new Recorder(near))
            far.write(pattern(10))
            near[own]()
            if (listens === 'after') heard.push(new Recorder(near))
            await eventually(() => other.ended !== 'no')
            far.write(pattern(10))
            await turns()
            far[theirs]()
            await turns()
            if (listens === 'at the end') heard.push(new Recorder(near))
            near.resume()
            await turns()
            expect(heard.map(({ size, ended }) => ({ size, ended }))).toEqual([{ size: 0, ended: 'no' }])
          })
        }
      }
    }

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
