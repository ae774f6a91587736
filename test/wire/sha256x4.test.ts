import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Batch, MAX_LANE_MESSAGE, makeSha256x4, type Sha256x4 } from '../../src/wire/crypto/sha256x4.js'
import { sha256d, sha256dAll } from '../../src/wire/hash.js'
import { bytesToHex } from '../../src/wire/hex.js'

/** Another content for every length and place. */
const message = (length: number, salt = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + salt * 7 + 1) & 0xff)

const batchOf = (messages: readonly Uint8Array[]): Batch => ({
  count: messages.length,
  size: index => messages[index]!.length,
  write: (index, target, offset) => target.set(messages[index]!, offset),
})

const oneByOne = (messages: readonly Uint8Array[]) => messages.map(bytes => bytesToHex(sha256d(bytes)))

function lanes(): Sha256x4 {
  const made = makeSha256x4()
  if (made === undefined) throw new Error('this platform has no WebAssembly vectors')
  return made
}

const unexpected = (index: number): Uint8Array => {
  throw new Error(`message ${index} fits a lane`)
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

describe('Sha256x4', () => {
  it('hashes every length around the borders of its blocks', () => {
    const messages = Array.from({ length: 260 }, (_, length) => message(length))
    expect(lanes().sha256d(batchOf(messages), unexpected).map(bytesToHex)).toEqual(oneByOne(messages))
  })

  it('hashes any number of messages of any lengths', () => {
    const four = lanes()
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 13 }), messages => {
        expect(four.sha256d(batchOf(messages), unexpected).map(bytesToHex)).toEqual(oneByOne(messages))
      }),
    )
  })

  it('fills a lane to its last byte, and hands on what is longer', () => {
    const sizes = [
      MAX_LANE_MESSAGE + 1,
      MAX_LANE_MESSAGE,
      3,
      MAX_LANE_MESSAGE - 1,
      MAX_LANE_MESSAGE,
      MAX_LANE_MESSAGE,
    ]
    const messages = [...sizes, 40_000, 5].map(message)
    const long: number[] = []
    const hashes = lanes().sha256d(batchOf(messages), index => {
      long.push(index)
      return sha256d(messages[index]!)
    })
    expect(long).toEqual([0, 6])
    expect(hashes.map(bytesToHex)).toEqual(oneByOne(messages))
  })

  it('keeps nothing from the batch before', () => {
    const four = lanes()
    four.sha256d(
      batchOf([message(500, 1), message(90, 2), message(300, 3), message(64, 4), message(1)]),
      unexpected,
    )
    const messages = [message(10), message(70)]
    expect(four.sha256d(batchOf(messages), unexpected).map(bytesToHex)).toEqual(oneByOne(messages))
  })

  it('takes up again after a batch that could not be written', () => {
    const four = lanes()
    const broken: Batch = {
      count: 9,
      size: () => 100,
      write: index => {
        if (index === 6) throw new RangeError('broken')
      },
    }
    expect(() => four.sha256d(broken, unexpected)).toThrow(RangeError)
    const messages = [message(200)]
    expect(four.sha256d(batchOf(messages), unexpected).map(bytesToHex)).toEqual(oneByOne(messages))
  })
})

describe('sha256dAll', () => {
  const messages = [message(0), message(80), message(20_000), message(283), message(32), message(1_000)]

  it('answers what sha256d does, in order and each in an array of its own', () => {
    const hashes = sha256dAll(batchOf(messages))
    expect(hashes.map(bytesToHex)).toEqual(oneByOne(messages))
    expect(new Set(hashes.map(hash => hash.buffer)).size).toBe(messages.length)
  })

  it('does without WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    expect(makeSha256x4()).toBeUndefined()
    vi.resetModules()
    const fresh = await import('../../src/wire/hash.js')
    expect(fresh.sha256dAll(batchOf(messages)).map(bytesToHex)).toEqual(oneByOne(messages))
  })

  it('does without WebAssembly where a page forbids to compile', () => {
    const refuse = vi.fn(function refuse() {
      throw new EvalError('refused by the policy')
    })
    vi.stubGlobal('WebAssembly', { Module: refuse })
    expect(makeSha256x4()).toBeUndefined()
    expect(refuse).toHaveBeenCalledOnce()
  })

  // The browser project runs all files in one page, where modules are loaded once.
  it.skipIf('document' in globalThis)('hashes all the same there, one by one', async () => {
    const refuse = vi.fn(function refuse() {
      throw new EvalError('refused by the policy')
    })
    vi.stubGlobal('WebAssembly', { Module: refuse })
    const fresh = await import('../../src/wire/hash.js')
    expect(fresh.sha256dAll(batchOf(messages)).map(bytesToHex)).toEqual(oneByOne(messages))
    expect(refuse).toHaveBeenCalledOnce()
  })

  it('does without lanes that hash wrongly, as they would where words are big-endian', () => {
    const memory = { buffer: new ArrayBuffer(65_536) }
    const Instance = vi.fn(function instance() {
      return { exports: { memory, compress: () => undefined } }
    })
    vi.stubGlobal('WebAssembly', { Module: class {}, Instance })
    expect(makeSha256x4()).toBeUndefined()
    expect(Instance).toHaveBeenCalledOnce()
  })
})
