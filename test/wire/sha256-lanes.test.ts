import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type ForLong,
  MESSAGES,
  makeSha256Lanes,
  ROOM,
  type Sha256Lanes,
} from '../../src/wire/crypto/sha256-lanes.js'
import { layout } from '../../src/wire/crypto/sha256-lanes-module.js'
import { checksum, checksums, separate, sha256, sha256d, sha256dAlike } from '../../src/wire/hash.js'
import { bytesToHex } from '../../src/wire/hex.js'

/** Another content for every length and place. */
const message = (length: number, salt = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + salt * 7 + 1) & 0xff)

const oneByOne = (messages: readonly Uint8Array[]) => messages.map(bytes => bytesToHex(sha256d(bytes)))
const hex = (hashes: Uint8Array) => separate(hashes).map(bytesToHex)

/** Long messages are handed on where there is a `from`. */
function lanes(from = Number.POSITIVE_INFINITY): Sha256Lanes {
  const made = makeSha256Lanes({ from, sha256Into: (bytes, out, at) => out.set(sha256(bytes), at) })
  if (made === undefined) throw new Error('this platform has no WebAssembly vectors')
  return made
}

function hashed(four: Sha256Lanes, messages: readonly Uint8Array[]): string[] {
  const hashes = new Uint8Array(32 * messages.length)
  const words = new Int32Array(hashes.buffer)
  let end = MESSAGES
  four.clear()
  messages.forEach((bytes, index) => {
    if (four.full || end + bytes.length > MESSAGES + ROOM) {
      four.flush(words, 8)
      end = MESSAGES
    }
    four.memory.set(bytes, end)
    four.add(end, bytes.length, index)
    end += bytes.length
  })
  four.flush(words, 8)
  return hex(hashes)
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

const never: ForLong = { from: Number.POSITIVE_INFINITY, sha256Into: () => undefined }

const refused = () =>
  vi.fn(function refuse() {
    throw new EvalError('refused by the policy')
  })

describe('Sha256Lanes', () => {
  it('hashes every length around the borders of its blocks', () => {
    const messages = Array.from({ length: 260 }, (_, length) => message(length))
    expect(hashed(lanes(), messages)).toEqual(oneByOne(messages))
  })

  it('hashes any number of messages of any lengths', () => {
    const four = lanes()
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 13 }), messages => {
        expect(hashed(four, messages)).toEqual(oneByOne(messages))
      }),
    )
  })

  it('fills its memory to the last byte, and begins anew', () => {
    const sizes = [ROOM, ROOM - 1, 3, ROOM - 4, 1, ROOM - 5, 4, 1, ROOM]
    const messages = sizes.map(message)
    expect(hashed(lanes(), messages)).toEqual(oneByOne(messages))
  })

  it.each([1_023, 1_024, 1_025, 2_500])('hashes %d messages', count => {
    const messages = Array.from({ length: count }, (_, i) => message(i % 150, i))
    expect(hashed(lanes(), messages)).toEqual(oneByOne(messages))
  })

  it.each([0, 1, 200, 201, 300])('hands on what has %d bytes and more', from => {
    const messages = [200, 201, 5, 300, 200, 0, 199, 400].map(message)
    expect(hashed(lanes(from), messages)).toEqual(oneByOne(messages))
  })

  it('hands on as many as there are', () => {
    const messages = Array.from({ length: 1_030 }, (_, i) => message(20 + (i % 9), i))
    expect(hashed(lanes(20), messages)).toEqual(oneByOne(messages))
  })

  it('writes the first word of each hash where only that is wanted', () => {
    const four = lanes(100)
    const messages = [5, 100, 60, 99, 101].map(message)
    four.clear()
    messages.forEach((bytes, index) => {
      four.memory.set(bytes, MESSAGES + 200 * index)
      four.add(MESSAGES + 200 * index, bytes.length, index)
    })
    const words = new Int32Array(5)
    four.flush(words, 1)
    expect(Array.from(words, word => word >>> 0)).toEqual(messages.map(checksum))
  })

  it('keeps nothing from the messages before', () => {
    const four = lanes(300)
    hashed(four, [message(500, 1), message(90, 2), message(300, 3), message(64, 4), message(1)])
    four.add(MESSAGES, 10, 3)
    four.add(MESSAGES, 310, 4)
    const messages = [message(10), message(70)]
    expect(hashed(four, messages)).toEqual(oneByOne(messages))
  })

  it('is not there without WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined)
    expect(makeSha256Lanes(never)).toBeUndefined()
  })

  it('is not there where a page forbids to compile', () => {
    const refuse = refused()
    vi.stubGlobal('WebAssembly', { Module: refuse })
    expect(makeSha256Lanes(never)).toBeUndefined()
    expect(refuse).toHaveBeenCalledOnce()
  })

  it('is not there where it hashes wrongly, as it would where words are big-endian', () => {
    const memory = { buffer: new ArrayBuffer(layout.pages * 65_536) }
    const nothing = () => undefined
    const Instance = vi.fn(function instance() {
      return { exports: { memory, hash32: nothing, hash64: nothing, hash80: nothing, hash5: nothing } }
    })
    vi.stubGlobal('WebAssembly', { Module: class {}, Instance })
    expect(makeSha256Lanes(never)).toBeUndefined()
    expect(Instance).toHaveBeenCalledOnce()
  })
})

/** The module of hashes as it loads where `WebAssembly` is this. */
async function withWebAssembly(value: unknown): Promise<typeof import('../../src/wire/hash.js')> {
  vi.stubGlobal('WebAssembly', value)
  vi.resetModules()
  return import('../../src/wire/hash.js')
}

describe('separate', () => {
  it('gives each hash an array of its own', () => {
    const hashes = message(96)
    const all = separate(hashes)
    expect(all.map(hash => hash.length)).toEqual([32, 32, 32])
    expect(new Set([hashes.buffer, ...all.map(hash => hash.buffer)]).size).toBe(4)
  })
})

describe('sha256dAlike', () => {
  it.each([
    [64, 64],
    [80, 80],
    [80, 81],
    [64, 97],
  ] as const)('hashes messages of %d bytes, %d from one to the next', (size, stride) => {
    for (const count of [0, 1, 2, 3, 4, 5, 8, 13]) {
      const bytes = message(7 + stride * count, count)
      const hashes = new Uint8Array(32 * count)
      sha256dAlike(size, bytes, 7, stride, count, hashes)
      const messages = Array.from({ length: count }, (_, i) =>
        bytes.subarray(7 + i * stride).subarray(0, size),
      )
      expect(hex(hashes), `${count}`).toEqual(oneByOne(messages))
    }
  })

  it('hashes more than fit its memory', () => {
    const count = Math.ceil(ROOM / 81) + 9
    // The last one ends with the bytes.
    const bytes = message(81 * (count - 1) + 80)
    const hashes = new Uint8Array(32 * count)
    sha256dAlike(80, bytes, 0, 81, count, hashes)
    const messages = Array.from({ length: count }, (_, i) => bytes.subarray(81 * i, 81 * i + 80))
    expect(hex(hashes)).toEqual(oneByOne(messages))
  })

  it.each([2, 5])('may write %d hashes over the messages', count => {
    const bytes = message(64 * count)
    const messages = Array.from({ length: count }, (_, i) => bytes.slice(64 * i, 64 * i + 64))
    sha256dAlike(64, bytes, 0, 64, count, bytes)
    expect(hex(bytes.subarray(0, 32 * count))).toEqual(oneByOne(messages))
  })

  it('does without WebAssembly', async () => {
    const fresh = await withWebAssembly(undefined)
    for (const count of [5, 300]) {
      const bytes = message(64 * count)
      const messages = Array.from({ length: count }, (_, i) => bytes.slice(64 * i, 64 * i + 64))
      fresh.sha256dAlike(64, bytes, 0, 64, count, bytes)
      expect(hex(bytes.subarray(0, 32 * count))).toEqual(oneByOne(messages))
    }
  })

  // The browser project runs all files in one page, where modules are loaded once.
  it.skipIf('document' in globalThis)('compiles for many messages, and not for few', async () => {
    const refuse = refused()
    const fresh = await withWebAssembly({ Module: refuse })
    const hashes = new Uint8Array(32 * 101)
    fresh.sha256dAlike(64, message(64 * 50), 0, 64, 50, hashes)
    for (let i = 0; i < 49; i += 1) fresh.sha256d(message(i))
    expect(refuse).not.toHaveBeenCalled()
    fresh.sha256dAlike(64, message(64 * 101), 0, 64, 101, hashes)
    // Once for the lanes, and once for one message at a time, which each of the 101 then was.
    expect(refuse).toHaveBeenCalledTimes(2)
  })
})

/** Payloads with something between them, as they lie in a chunk. */
function chunkOf(lengths: readonly number[], gap: number) {
  const starts: number[] = []
  let end = 0
  for (const length of lengths) {
    end += gap
    starts.push(end)
    end += length
  }
  const bytes = message(end, lengths.length)
  const expected = lengths.map((length, i) => checksum(bytes.slice(starts[i]!, starts[i]! + length)))
  return { bytes, starts: Int32Array.from(starts), lengths: Int32Array.from(lengths), expected }
}

const unsigned = (words: Int32Array) => Array.from(words, word => word >>> 0)

describe('checksums', () => {
  it('are those of the payloads one by one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat({ max: 130 }), fc.nat({ max: 700 })), { maxLength: 20 }),
        fc.nat({ max: 30 }),
        (sizes, gap) => {
          const { bytes, starts, lengths, expected } = chunkOf(sizes, gap)
          const out = new Int32Array(sizes.length)
          checksums(bytes, starts, lengths, 0, sizes.length, out)
          expect(unsigned(out)).toEqual(expected)
        },
      ),
    )
  })

  it('are taken from one index to before another, and leave the rest alone', () => {
    const { bytes, starts, lengths, expected } = chunkOf([8, 37, 0, 61, 300, 9, 8, 8], 24)
    for (const [from, to] of [
      [2, 2],
      [1, 3],
      [1, 7],
    ] as const) {
      const out = new Int32Array(8)
      checksums(bytes, starts, lengths, from, to, out)
      expect(unsigned(out)).toEqual(expected.map((sum, i) => (i >= from && i < to ? sum : 0)))
    }
  })

  it.each([
    ['more than are hashed at once', new Array<number>(2_100).fill(8)],
    ['more than fit the memory', new Array<number>(900).fill(390)],
    ['long ones among short ones', [8, 8, 8, 300_000, 8, ROOM, 8, 8, 8, ROOM + 1, 8]],
  ])('hash %s', (_, sizes) => {
    const { bytes, starts, lengths, expected } = chunkOf(sizes, 24)
    const out = new Int32Array(sizes.length)
    checksums(bytes, starts, lengths, 0, sizes.length, out)
    expect(unsigned(out)).toEqual(expected)
  })

  it('do without WebAssembly', async () => {
    const fresh = await withWebAssembly(undefined)
    for (const sizes of [[8, 37, 0, 61, 300, 9, 8, 8], new Array<number>(300).fill(8)]) {
      const { bytes, starts, lengths, expected } = chunkOf(sizes, 24)
      const out = new Int32Array(sizes.length)
      fresh.checksums(bytes, starts, lengths, 0, sizes.length, out)
      expect(unsigned(out)).toEqual(expected)
    }
  })
})
