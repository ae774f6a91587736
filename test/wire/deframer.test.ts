import fc from 'fast-check'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import { Deframer, type Frame } from '../../src/wire/deframer.js'
import { encodeFrame, FRAME_HEADER } from '../../src/wire/frame.js'
import { equalBytes, hexToBytes } from '../../src/wire/hex.js'
import { decodeMessage } from '../../src/wire/messages.js'
import { mainnet } from '../../src/wire/network.js'
import { wireErrorOf } from '../support/wire.js'

const { magic } = mainnet

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** `bytes` cut at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...[...places].sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((place, i) => bytes.slice(sorted[i], place))
}

type Read = Pick<Frame, 'name' | 'payload' | 'size' | 'checksumValid' | 'commandFault'>

/** All frames of the chunks, their payloads copied. */
function framesOf(chunks: readonly Uint8Array[], deframer = new Deframer(magic)): Read[] {
  const frames: Read[] = []
  for (const chunk of chunks) {
    deframer.push(chunk)
    for (let frame = deframer.next(); frame; frame = deframer.next()) {
      const { name, size, checksumValid, commandFault } = frame
      frames.push({ name, payload: frame.payload.slice(), size, checksumValid, commandFault })
    }
  }
  return frames
}

/** A header that claims `length` payload bytes. */
function header(length: number): Uint8Array {
  const bytes = encodeFrame(magic, 'block', new Uint8Array(0))
  new DataView(bytes.buffer).setUint32(16, length, true)
  return bytes
}

const payload = Uint8Array.from({ length: 40 }, (_, i) => i)
const three = joined([
  encodeFrame(magic, 'ping', payload.subarray(0, 8)),
  encodeFrame(magic, 'verack', new Uint8Array(0)),
  encodeFrame(magic, 'tx', payload),
])
const whole = framesOf([three])

test('one chunk of three frames', () => {
  expect(whole).toEqual([
    { name: 'ping', payload: payload.slice(0, 8), size: 32, checksumValid: true, commandFault: undefined },
    { name: 'verack', payload: new Uint8Array(0), size: 24, checksumValid: true, commandFault: undefined },
    { name: 'tx', payload, size: 64, checksumValid: true, commandFault: undefined },
  ])
})

describe('any chunking gives the same frames', () => {
  it('cut in two at every place', () => {
    for (let place = 0; place <= three.length; place += 1) {
      expect(framesOf(cut(three, [place])), `cut at ${place}`).toEqual(whole)
    }
  })

  it('cut in three at every pair of places', () => {
    for (let first = 0; first <= three.length; first += 3) {
      for (let second = first; second <= three.length; second += 1) {
        const frames = framesOf(cut(three, [first, second]))
        expect(frames.length).toBe(3)
        expect(
          frames.every((frame, i) => frame.checksumValid && equalBytes(frame.payload, whole[i]!.payload)),
        ).toBe(true)
      }
    }
  })

  it('byte by byte, with empty chunks between', () => {
    const single = cut(
      three,
      Array.from({ length: three.length }, (_, i) => i),
    )
    expect(framesOf(single.flatMap(chunk => [chunk, new Uint8Array(0)]))).toEqual(whole)
  })

  it('of any frames at any places', () => {
    const frame = fc.record({
      name: fc.string({
        unit: fc.integer({ min: 0x20, max: 0x7e }).map(c => String.fromCharCode(c)),
        minLength: 1,
        maxLength: 12,
      }),
      payload: fc.oneof(
        { weight: 5, arbitrary: fc.uint8Array({ maxLength: 60 }) },
        {
          weight: 1,
          arbitrary: fc
            .constantFrom(1_023, 1_024, 1_025, 5_000)
            .map(length => new Uint8Array(length).fill(9)),
        },
      ),
    })
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (frames, places) => {
          const stream = joined(frames.map(each => encodeFrame(magic, each.name, each.payload)))
          const chunks = cut(
            stream,
            places.map(place => place % (stream.length + 1)),
          )
          const deframer = new Deframer(magic)
          const read = framesOf(chunks, deframer)
          expect(deframer.atBoundary).toBe(true)
          expect(read.map(({ name, payload: bytes }) => ({ name, payload: bytes }))).toEqual(frames)
          expect(
            read.every(each => each.checksumValid && each.size === FRAME_HEADER + each.payload.length),
          ).toBe(true)
        },
      ),
    )
  })

  it('of a payload far larger than its chunks', () => {
    const big = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) & 0xff)
    const stream = encodeFrame(magic, 'block', big)
    for (const size of [1_000, 1_460, 65_536]) {
      const places = Array.from({ length: Math.ceil(stream.length / size) }, (_, i) => i * size)
      const [frame, ...others] = framesOf(cut(stream, places))
      expect(others).toEqual([])
      expect(frame!.checksumValid).toBe(true)
      expect(equalBytes(frame!.payload, big)).toBe(true)
    }
  })
})

describe('payloads', () => {
  it('are views where they lie inside one chunk', () => {
    const deframer = new Deframer(magic)
    deframer.push(three)
    const [ping, verack, tx] = [deframer.next(), deframer.next(), deframer.next()]
    expect(deframer.next()).toBeUndefined()
    expect(ping?.payload.buffer).toBe(three.buffer)
    expect(ping?.payload.byteOffset).toBe(24)
    expect(verack?.payload.length).toBe(0)
    expect(tx?.payload.buffer).toBe(three.buffer)
  })

  it('are views also where the header came in an earlier chunk', () => {
    const rest = three.slice(10)
    const deframer = new Deframer(magic)
    deframer.push(three.slice(0, 10))
    expect(deframer.next()).toBeUndefined()
    deframer.push(rest)
    expect(deframer.next()?.payload.buffer).toBe(rest.buffer)
  })

  it('have a buffer of exactly their size where they came in pieces, which is not used again', () => {
    const stream = joined([
      encodeFrame(magic, 'tx', payload),
      encodeFrame(magic, 'tx', new Uint8Array(40).fill(7)),
    ])
    const deframer = new Deframer(magic)
    const frames: Read[] = []
    for (const byte of stream) {
      deframer.push(Uint8Array.of(byte))
      const frame = deframer.next()
      if (frame) frames.push(frame)
    }
    expect(frames.map(frame => frame.payload)).toEqual([payload, new Uint8Array(40).fill(7)])
    expect(frames.map(frame => frame.payload.buffer.byteLength)).toEqual([40, 40])
  })
})

describe('atBoundary', () => {
  it('is true before, between and after frames, false inside', () => {
    const boundaries = new Set([0, 32, 56, 120])
    expect(new Deframer(magic).atBoundary).toBe(true)
    for (let place = 0; place <= three.length; place += 1) {
      const deframer = new Deframer(magic)
      framesOf([three.slice(0, place)], deframer)
      expect(deframer.atBoundary, `after ${place} bytes`).toBe(boundaries.has(place))
    }
  })

  it('is false while frames of the chunk are left to take', () => {
    const deframer = new Deframer(magic)
    deframer.push(three)
    expect(deframer.atBoundary).toBe(false)
    deframer.next()
    expect(deframer.atBoundary).toBe(false)
    deframer.next()
    deframer.next()
    expect(deframer.atBoundary).toBe(true)
  })
})

describe('wrong magic', () => {
  it.each([0, 1, 2, 3])('is seen at byte %i, before anything behind it has come', place => {
    const bytes = three.slice(0, place + 1)
    bytes[place]! ^= 0x01
    const deframer = new Deframer(magic)
    for (const byte of bytes.subarray(0, place)) {
      deframer.push(Uint8Array.of(byte))
      expect(deframer.next()).toBeUndefined()
    }
    deframer.push(bytes.subarray(place))
    expect(wireErrorOf(() => deframer.next())).toMatchObject({ code: 'wrong-magic', offset: place })
  })

  it('behind good frames is seen after they were taken, and again', () => {
    const deframer = new Deframer(magic)
    deframer.push(joined([three, Uint8Array.of(0xf9, 0xbe, 0x00)]))
    for (let i = 0; i < 3; i += 1) expect(deframer.next()).toBeDefined()
    for (let i = 0; i < 2; i += 1) {
      expect(wireErrorOf(() => deframer.next())).toMatchObject({ code: 'wrong-magic', offset: 2 })
    }
  })
})

describe('the length', () => {
  it('above 4,000,000 is refused with the header, and again', () => {
    for (const length of [4_000_001, 0xffff_ffff]) {
      const deframer = new Deframer(magic)
      deframer.push(header(length).subarray(0, 23))
      expect(deframer.next()).toBeUndefined()
      deframer.push(header(length).subarray(23))
      for (let i = 0; i < 2; i += 1) {
        expect(wireErrorOf(() => deframer.next())).toMatchObject({
          code: 'oversized-frame',
          command: 'block',
          offset: 16,
        })
      }
    }
  })

  it('of 4,000,000 is waited for', () => {
    const deframer = new Deframer(magic)
    deframer.push(header(4_000_000))
    expect(deframer.next()).toBeUndefined()
    expect(deframer.atBoundary).toBe(false)
  })
})

describe('memory', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  /** Bytes of all arrays made by length while `run` ran, freed ones included. */
  function allocatedBy(run: () => void): number {
    let bytes = 0
    const counting = new Proxy(Uint8Array, {
      construct(target, args: unknown[], newTarget) {
        if (typeof args[0] === 'number') bytes += args[0]
        return Reflect.construct(target, args, newTarget)
      },
    })
    vi.stubGlobal('Uint8Array', counting)
    run()
    vi.unstubAllGlobals()
    return bytes
  }

  it('is not taken for a header alone, whatever it claims', () => {
    const deframer = new Deframer(magic)
    deframer.push(header(4_000_000))
    expect(allocatedBy(() => deframer.next())).toBe(0)
  })

  it.each([1, 100, 1_460, 10_000])('follows what has arrived, in chunks of %i', size => {
    const deframer = new Deframer(magic)
    deframer.push(header(4_000_000))
    deframer.next()
    const chunk = new Uint8Array(size)
    let arrived = FRAME_HEADER
    let allocated = 0
    for (let i = 0; i < 200; i += 1) {
      allocated += allocatedBy(() => {
        deframer.push(chunk)
        deframer.next()
      })
      arrived += size
      // The first buffer has 1 KiB however little there is.
      expect(allocated).toBeLessThan(Math.max(1_025, 4 * arrived))
    }
    expect(allocated).toBeGreaterThanOrEqual(200 * size)
  })

  it('of a whole payload is less than four times the payload', () => {
    const stream = encodeFrame(magic, 'block', new Uint8Array(1_000_000))
    const chunks = cut(
      stream,
      Array.from({ length: 700 }, (_, i) => i * 1_460),
    )
    const deframer = new Deframer(magic)
    let frames = 0
    const allocated = allocatedBy(() => {
      for (const chunk of chunks) {
        deframer.push(chunk)
        if (deframer.next()) frames += 1
      }
    })
    expect(frames).toBe(1)
    expect(allocated).toBeLessThan(4_000_000)
  })
})

test('the magic is that of the network, and nothing else is', () => {
  const deframer = new Deframer(hexToBytes('01020304'))
  const frames = framesOf([encodeFrame(hexToBytes('01020304'), 'ping', payload)], deframer)
  expect(frames.length).toBe(1)
  expect(wireErrorOf(() => framesOf([three], new Deframer(hexToBytes('f9beb4d8')))).offset).toBe(3)
})

describe('frames that are cut ahead', () => {
  const small = (i: number) => encodeFrame(magic, 'ping', Uint8Array.of(i, i >>> 8, 0, 0, 0, 0, 0, 0))
  const numbers = (frames: readonly (Read | undefined)[]) =>
    frames.map(frame => frame && frame.payload[0]! + 256 * frame.payload[1]!)

  it.each([1, 2, 63, 64, 65, 128, 129, 1_000])('come out whole and in order, %i in a chunk', count => {
    const frames = framesOf([joined(Array.from({ length: count }, (_, i) => small(i)))])
    expect(numbers(frames)).toEqual(Array.from({ length: count }, (_, i) => i))
    expect(frames.every(({ checksumValid, name }) => checksumValid && name === 'ping')).toBe(true)
  })

  it('each know their own checksum', () => {
    const frames = Array.from({ length: 100 }, (_, i) => small(i))
    const broken = new Set([0, 1, 2, 17, 63, 64, 99])
    for (const i of broken) frames[i]![20]! ^= 1
    const valid = framesOf([joined(frames)]).map(({ checksumValid }) => checksumValid)
    expect(valid).toEqual(frames.map((_, i) => !broken.has(i)))
  })

  it('stay apart where deframers take turns', () => {
    const chunk = (first: number) => joined(Array.from({ length: 70 }, (_, i) => small(first + i)))
    const deframers = Array.from({ length: 20 }, () => new Deframer(magic))
    for (const [i, deframer] of deframers.entries()) deframer.push(chunk(100 * i))
    for (let turn = 0; turn < 70; turn += 1) {
      expect(numbers(deframers.map(deframer => deframer.next()))).toEqual(
        deframers.map((_, i) => 100 * i + turn),
      )
    }
    expect(deframers.map(deframer => deframer.next())).toEqual(deframers.map(() => undefined))
    // Those that were given back are used again, and by one at a time.
    for (const [i, deframer] of deframers.entries()) deframer.push(chunk(50 * i))
    for (let turn = 0; turn < 70; turn += 1) {
      expect(numbers(deframers.map(deframer => deframer.next()))).toEqual(
        deframers.map((_, i) => 50 * i + turn),
      )
    }
  })

  it('wait until they are taken', () => {
    const deframer = new Deframer(magic)
    const chunk = joined(Array.from({ length: 10 }, (_, i) => small(i)))
    deframer.push(chunk)
    for (let left = 10; left > 0; left -= 1) {
      expect(deframer.waiting).toBe(32 * left)
      expect(deframer.atBoundary).toBe(false)
      deframer.next()
    }
    expect(deframer.waiting).toBe(0)
    expect(deframer.atBoundary).toBe(true)
  })

  it('end before bytes that are out of step, which are told of in their turn', () => {
    const deframer = new Deframer(magic)
    deframer.push(joined([small(1), small(2), Uint8Array.of(...magic.subarray(0, 3), 0), new Uint8Array(30)]))
    expect(numbers([deframer.next(), deframer.next()])).toEqual([1, 2])
    expect(wireErrorOf(() => deframer.next()).offset).toBe(3)
  })
})

describe('decode', () => {
  const decoded = (stream: Uint8Array) => {
    const deframer = new Deframer(magic)
    deframer.push(stream)
    return deframer.next()
  }

  it('reads the message where it lies, as decodeMessage does', () => {
    const frame = decoded(encodeFrame(magic, 'ping', payload.subarray(1, 9)))
    expect(frame?.decode()).toEqual(decodeMessage('ping', payload.subarray(1, 9)))
    expect(wireErrorOf(() => frame?.decode({ protocolVersion: 60_000 })).code).toBe('oversized-payload')
  })

  it('tells offsets in the payload', () => {
    const frame = decoded(encodeFrame(magic, 'ping', new Uint8Array(5)))
    expect(wireErrorOf(() => frame?.decode())).toMatchObject({
      code: 'truncated',
      command: 'ping',
      offset: 0,
    })
  })

  it('keeps what nobody knows', () => {
    expect(decoded(encodeFrame(magic, 'uroot', payload))?.decode()).toEqual({
      command: 'unknown',
      name: 'uroot',
      payload,
    })
  })
})

describe('room', () => {
  const large = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) & 0xff)
  const frame = encodeFrame(magic, 'block', large)

  it('is for the payload in hand alone', () => {
    const deframer = new Deframer(magic)
    expect(deframer.room()).toBeUndefined()
    deframer.push(frame.subarray(0, 20))
    deframer.next()
    expect(deframer.room()).toBeUndefined()
    deframer.push(frame.subarray(20, 100_000))
    // Not while the chunk is not looked at.
    expect(deframer.room()).toBeUndefined()
    deframer.next()
    const room = deframer.room()
    expect(room?.length).toBe(frame.length - 100_000)
    expect(deframer.waiting).toBe(frame.length)
    room?.set(frame.subarray(100_000))
    deframer.push(room ?? frame)
    const whole = deframer.next()
    expect(whole?.checksumValid).toBe(true)
    expect(whole?.payload.buffer).toBe(room?.buffer)
    expect(deframer.next()).toBeUndefined()
    expect([deframer.room(), deframer.waiting]).toEqual([undefined, 0])
  })

  it('gives the frames that there are without', () => {
    const stream = joined([three, frame, three, encodeFrame(magic, 'tx', large.subarray(0, 70_000)), three])
    const expected = framesOf([stream])
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1_000, max: 70_000 }), { minLength: 1, maxLength: 20 }),
        sizes => {
          const deframer = new Deframer(magic)
          const frames: Read[] = []
          for (let at = 0, i = 0; at < stream.length; i += 1) {
            const size = sizes[i % sizes.length] ?? 1
            const room = deframer.room()
            const next = stream.subarray(at, at + Math.min(size, room?.length ?? size))
            room?.set(next)
            frames.push(...framesOf([room?.subarray(0, next.length) ?? next.slice()], deframer))
            at += next.length
          }
          expect(frames.map(({ name, checksumValid }) => [name, checksumValid])).toEqual(
            expected.map(({ name }) => [name, true]),
          )
          // Byte by byte here: an assertion of as many takes seconds.
          const same = frames.map((each, i) => equalBytes(each.payload, expected[i]?.payload ?? magic))
          expect(same).not.toContain(false)
        },
      ),
      { numRuns: 40 },
    )
  })
})
