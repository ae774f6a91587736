import { asapScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Connection } from '../../src/stream/connection.js'
import type { Random } from '../../src/stream/environment.js'
import { type ChaosOptions, chaos } from '../../src/testing/chaos.js'
import { mergeChunks, randomChunks, splitEvery } from '../../src/testing/chunkers.js'
import { seededRandom } from '../../src/testing/seeded-random.js'
import { type VirtualTime, virtualTime } from '../../src/testing/virtual-time.js'
import { memoryPair } from '../../src/transport/memory.js'
import { equalBytes } from '../../src/wire/hex.js'
import { connectionContract, pattern, Recorder } from '../transport/contract.js'

/** Both ends troubled, over memory. */
function troubled(options: ChaosOptions): () => Promise<readonly [Connection, Connection]> {
  return async () => {
    const [near, far] = memoryPair()
    return [chaos(near, options), chaos(far, options)]
  }
}

connectionContract('chaos without trouble', troubled({}))
connectionContract('chaos that splits what arrives', troubled({ inbound: { split: splitEvery(5_000) } }), [
  'one-chunk',
])
connectionContract(
  'chaos with all lanes in use',
  troubled({
    inbound: { delay: 0, split: randomChunks(seededRandom(3), 9_000) },
    outbound: { throttle: 1e12, delay: 0 },
    scheduler: asapScheduler,
  }),
  ['one-chunk'],
)

/** Dice that nobody may roll. */
const noDice: Random = {
  bytes: () => {
    throw new Error('nothing is left to chance here')
  },
}

/** Dice that always show this byte. */
const loaded = (byte: number): Random => ({ bytes: size => new Uint8Array(size).fill(byte) })

interface Scene {
  readonly time: VirtualTime
  /** The troubled end. */
  readonly near: Connection
  readonly far: Connection
  /** When what arrived at either end: `5 near 3 bytes`, `9 far complete`. */
  readonly log: string[]
  readonly received: { readonly near: number[]; readonly far: number[] }
}

function scene(options: ChaosOptions): Scene {
  const time = virtualTime()
  const { scheduler } = time
  const [inner, far] = memoryPair({ scheduler })
  const near = chaos(inner, { scheduler, ...options })
  const log: string[] = []
  const received = { near: [] as number[], far: [] as number[] }
  for (const [name, end] of [
    ['near', near],
    ['far', far],
  ] as const) {
    end.bytes$.subscribe({
      next: bytes => {
        received[name].push(...bytes)
        log.push(`${time.now} ${name} ${bytes.length}`)
      },
      complete: () => log.push(`${time.now} ${name} complete`),
      error: error => log.push(`${time.now} ${name} ${error.code}`),
    })
  }
  return { time, near, far, log, received }
}

describe.each(['inbound', 'outbound'] as const)('chaos, %s', direction => {
  /** A scene in which the trouble is in this direction, and what it takes to send through it. */
  function through(trouble: NonNullable<ChaosOptions['inbound']>, random?: Random) {
    const made = scene({ [direction]: trouble, random })
    const [sender, receiver] =
      direction === 'inbound' ? (['far', 'near'] as const) : (['near', 'far'] as const)
    return {
      ...made,
      receiver,
      sender,
      send: (length: number, written?: () => void) => made[sender].write(pattern(length), written),
      bytes: () => Uint8Array.from(made.received[receiver]),
    }
  }

  it('delays, not a millisecond less or more, and keeps the pace', () => {
    const { time, send, log, receiver } = through({ delay: 100 })
    send(3)
    time.advance(10)
    send(4)
    time.advance(89)
    expect(log).toEqual([])
    time.advance(1)
    expect(log).toEqual([`100 ${receiver} 3`])
    time.advance(10)
    expect(log).toEqual([`100 ${receiver} 3`, `110 ${receiver} 4`])
    expect(time.pending).toBe(0)
  })

  it('delays by dice within the limits, and never overtakes', () => {
    const { time, send, log, bytes } = through({ delay: [10, 50] })
    for (let i = 0; i < 20; i += 1) {
      send(1)
      time.advance(1)
    }
    time.advance(100)
    const times = log.map(line => Number(line.split(' ')[0]))
    expect(times.every((at, i) => at >= i + 10 && at <= i + 19 + 50)).toBe(true)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(new Set(times).size).toBeGreaterThan(1)
    expect(bytes()).toHaveLength(20)
  })

  it('splits', () => {
    const { time, send, log, bytes, receiver } = through({ split: splitEvery(4) })
    send(10)
    time.advance(0)
    expect(log).toEqual([4, 4, 2].map(size => `0 ${receiver} ${size}`))
    expect(bytes()).toEqual(pattern(10))
  })

  it('gathers for the given time, then begins anew', () => {
    const { time, send, log, bytes, receiver } = through({ merge: 20 })
    for (const length of [3, 4, 5]) {
      send(length)
      time.advance(10)
    }
    time.advance(100)
    expect(log).toEqual([`20 ${receiver} 7`, `40 ${receiver} 5`])
    expect(bytes()).toEqual(Uint8Array.of(...pattern(3), ...pattern(4), ...pattern(5)))
    expect(time.pending).toBe(0)
  })

  it('spoils the bytes at offsets of the connection, and no others, and not those of the sender', () => {
    const { time, send, bytes } = through({ corrupt: { at: [0, 5, 99] } })
    send(4)
    time.advance(1)
    send(4)
    time.advance(1)
    const expected = Uint8Array.of(...pattern(4), ...pattern(4))
    for (const at of [0, 5]) expected[at] = expected[at]! ^ 0xff
    expect(bytes()).toEqual(expected)
  })

  it('spoils by dice about as many as it should, the same each time', () => {
    const spoiled = () => {
      const { time, send, bytes } = through({ corrupt: { probability: 0.01 } })
      for (let i = 0; i < 10; i += 1) {
        send(5_000)
        time.advance(1)
      }
      const wanted = pattern(5_000)
      return Array.from(bytes().entries()).flatMap(([i, byte]) => (byte === wanted[i % 5_000] ? [] : [i]))
    }
    const first = spoiled()
    expect(first.length).toBeGreaterThan(400)
    expect(first.length).toBeLessThan(600)
    expect(spoiled()).toEqual(first)
  })

  it('spoils every byte with probability 1, and none with 0, without dice', () => {
    for (const [probability, mask] of [
      [1, 0xff],
      [0, 0],
    ] as const) {
      const { time, send, bytes } = through({ corrupt: { probability } }, noDice)
      for (let i = 0; i < 3; i += 1) {
        send(1_000)
        time.advance(1)
      }
      const wanted = pattern(1_000).map(byte => byte ^ mask)
      expect(equalBytes(bytes(), mergeChunks([wanted, wanted, wanted]))).toBe(true)
    }
  })

  it.each([
    ['reset', 'connection-reset'],
    ['end', 'complete'],
  ] as const)('cuts by %s after so many bytes, for both ends', (by, word) => {
    const { time, send, near, log, bytes } = through({ cut: { after: 7, by } })
    let written = 0
    send(4, () => {
      written += 1
    })
    time.advance(5)
    send(4, () => {
      written += 1
    })
    time.advance(5)
    expect(bytes()).toEqual(Uint8Array.of(...pattern(4), ...pattern(3)))
    expect(log.filter(line => line.endsWith(word)).sort()).toEqual([`5 far ${word}`, `5 near ${word}`])
    // Of the transport below, an inbound write was taken whole.
    expect(written).toBe(direction === 'outbound' ? 1 : 2)
    near.write(Uint8Array.of(1))
    time.advance(5)
    expect(time.pending).toBe(0)
  })

  it('cuts with the first byte, exactly with the last, and not before', () => {
    const first = through({ cut: { after: 0 } })
    first.time.advance(10)
    expect(first.log).toEqual([])
    first.send(1)
    first.time.advance(1)
    expect(first.bytes()).toHaveLength(0)
    expect(first.log).toHaveLength(2)
    const last = through({ cut: { after: 5 } })
    last.send(4)
    last.time.advance(1)
    expect(last.log).toHaveLength(1)
    last.send(1)
    last.time.advance(1)
    expect(last.bytes()).toHaveLength(5)
    expect(last.log).toHaveLength(4)
  })

  it('throttles to so many bytes a second', () => {
    const { time, send, log, receiver } = through({ throttle: 100, split: splitEvery(50) })
    send(120)
    time.advance(5_000)
    expect(log).toEqual([`500 ${receiver} 50`, `1000 ${receiver} 50`, `1200 ${receiver} 20`])
    send(10)
    time.advance(5_000)
    expect(log.at(-1)).toBe(`5100 ${receiver} 10`)
  })

  it('ends behind what is on its way', () => {
    const { time, send, log, receiver, ...ends } = through({ delay: 50 })
    send(3)
    ends[ends.sender].close()
    time.advance(49)
    expect(log).toEqual([])
    time.advance(1)
    expect(log).toEqual([`50 ${receiver} 3`, `50 ${receiver} complete`])
  })

  it('drops what is on its way when aborted', () => {
    const { time, send, near, log } = through({ delay: 50 })
    send(3)
    time.advance(10)
    near.abort()
    time.advance(100)
    expect(log).toEqual(['10 far connection-reset'])
    expect(time.pending).toBe(0)
  })
})

describe('chaos', () => {
  it.each(['inbound', 'outbound'] as const)(
    'lets a large message through byte by byte, %s',
    direction => {
      const size = 200_000
      const time = virtualTime()
      const { scheduler } = time
      const [inner, far] = memoryPair({ scheduler, capacity: size })
      const near = chaos(inner, { [direction]: { split: splitEvery(1), delay: 5 }, scheduler })
      const [sender, receiver] = direction === 'inbound' ? [far, near] : [near, far]
      const chunks: Uint8Array[] = []
      receiver.bytes$.subscribe(chunk => chunks.push(chunk))
      sender.write(pattern(size))
      time.advance(5)
      expect(equalBytes(mergeChunks(chunks), pattern(size))).toBe(true)
    },
    // A list that moves up with each byte that is taken needs a minute.
    5_000,
  )

  it('forgets the pieces behind the one with which its owner went', () => {
    const time = virtualTime()
    const { scheduler } = time
    const [inner, far] = memoryPair({ scheduler })
    let draws = 0
    // No delay for the first piece, the longest for the others.
    const random = {
      bytes: (size: number) => {
        draws += 1
        return new Uint8Array(size).fill(draws === 1 ? 0 : 0xff)
      },
    }
    const near = chaos(inner, { inbound: { split: splitEvery(1), delay: [0, 50] }, scheduler, random })
    const received: number[] = []
    near.bytes$.subscribe(bytes => {
      received.push(...bytes)
      near.abort()
    })
    far.write(Uint8Array.of(1, 2, 3))
    time.advance(0)
    expect(received).toEqual([1])
    expect(time.pending).toBe(0)
  })

  it.each([
    ['shortest', 0x00, 10],
    ['middle', 0x80, 30],
    ['longest', 0xff, 50],
  ])('a reset of the remote takes a time by dice within the limits: the %s', (_, byte, late) => {
    const { time, far, log } = scene({ inbound: { delay: [10, 50] }, random: loaded(byte) })
    time.advance(5)
    far.abort()
    time.advance(late - 1)
    expect(log).toEqual([])
    time.advance(1)
    expect(log).toEqual([`${5 + late} near connection-reset`])
    expect(time.pending).toBe(0)
  })

  it('a reset of the remote overtakes what is on its way', () => {
    // The bytes take long, the reset does not.
    const dice = [0xff, 0x00]
    const random = { bytes: (size: number) => new Uint8Array(size).fill(dice.shift() ?? 0) }
    const { time, far, log } = scene({ inbound: { delay: [10, 50] }, random })
    far.write(pattern(3))
    time.advance(1)
    far.abort()
    time.advance(100)
    expect(log).toEqual(['11 near connection-reset'])
    expect(time.pending).toBe(0)
  })

  it('tells that a write is written when its last byte has left', () => {
    const { time, near } = scene({ outbound: { delay: 30, split: splitEvery(2) } })
    const written: string[] = []
    near.write(pattern(5), () => written.push(`a ${time.now}`))
    time.advance(10)
    near.write(pattern(1), () => written.push(`b ${time.now}`))
    time.advance(100)
    expect(written).toEqual(['a 30', 'b 40'])
  })

  it('paused, it delivers nothing that is due, and afterwards everything', () => {
    const { time, near, far, log } = scene({ inbound: { delay: 10 } })
    far.write(pattern(3))
    time.advance(5)
    near.pause()
    time.advance(100)
    expect(log).toEqual([])
    near.resume()
    time.advance(0)
    expect(log).toEqual(['105 near 3'])
  })

  it('keeps no more than about 1 MiB on the way: the sender has to wait', () => {
    const { time, far, log } = scene({ inbound: { throttle: 1_000_000 } })
    let taken = 0
    const send = () => {
      taken += 1
      far.write(new Uint8Array(99_999), send)
    }
    send()
    time.advance(0)
    // Eleven on the way, and what the pair below holds.
    expect(taken).toBe(13)
    time.advance(1_000)
    expect(log).toHaveLength(10)
    expect(taken).toBe(23)
  })

  it('is silent after its own close, for late subscribers too, while what it wrote is on its way', () => {
    const time = virtualTime()
    const { scheduler } = time
    const [inner, far] = memoryPair({ scheduler })
    const near = chaos(inner, { outbound: { delay: 50 }, scheduler })
    const other = new Recorder(far)
    near.write(Uint8Array.of(1))
    near.close()
    const recorder = new Recorder(near)
    far.write(Uint8Array.of(2))
    far.close()
    time.advance(100)
    expect(other).toMatchObject({ size: 0, ended: 'no' })
    expect(recorder).toMatchObject({ size: 0, ended: 'no' })
    expect(time.pending).toBe(0)
  })

  it('a cut before anybody listens is told to whoever comes', () => {
    const time = virtualTime()
    const [inner] = memoryPair({ scheduler: time.scheduler })
    const near = chaos(inner, { outbound: { cut: { after: 1 } }, scheduler: time.scheduler })
    near.write(Uint8Array.of(1))
    time.advance(0)
    const recorder = new Recorder(near)
    expect(recorder.error).toMatchObject({ name: 'TransportError', code: 'connection-reset' })
  })

  it('has the addresses of the connection', () => {
    const [inner] = memoryPair()
    const { local, remote, proxied } = chaos(inner)
    expect({ local, remote, proxied }).toEqual({ local: inner.local, remote: inner.remote, proxied: false })
  })

  it.each([
    [{ delay: -1 }, 'delay must be a number from 0 on, not -1'],
    [{ delay: [5, 4] }, 'delay must be a number from 5 on, not 4'],
    [{ throttle: 0 }, 'throttle must be a number above 0, not 0'],
    [{ throttle: Number.POSITIVE_INFINITY }, 'throttle must be a number above 0, not Infinity'],
    [{ throttle: Number.NaN }, 'throttle must be a number above 0, not NaN'],
    [{ merge: Number.NaN }, 'merge must be a number from 0 on, not NaN'],
    [{ cut: { after: -1 } }, 'cut.after must be a number from 0 on, not -1'],
    [{ corrupt: { probability: 1.1 } }, 'a probability is from 0 to 1, not 1.1'],
    [{ corrupt: { at: [0, -1] } }, 'corrupt.at must be whole numbers from 0 on, and -1 is not'],
    [{ corrupt: { at: [Number.NaN] } }, 'corrupt.at must be whole numbers from 0 on, and NaN is not'],
    [{ corrupt: { at: [1.5] } }, 'corrupt.at must be whole numbers from 0 on, and 1.5 is not'],
  ] as const)('refuses %o', (trouble, words) => {
    const [inner] = memoryPair()
    expect(() => chaos(inner, { inbound: trouble })).toThrow(new RangeError(words))
    expect(() => chaos(inner, { outbound: trouble })).toThrow(new RangeError(words))
  })
})
