import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256d } from '../../src/wire/hash.js'
import { BlockHeader, HEADER_SIZE, HeaderRun } from '../../src/wire/header.js'
import { decodeMessage } from '../../src/wire/messages.js'

const patterned = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 167 + (i >>> 8) * 13) & 0xff)

function runOf(count: number, stride = HEADER_SIZE + 1, start = 3) {
  const whole = patterned(20 + start + stride * count)
  // A view, so that an offset in the memory is no offset in the bytes.
  const bytes = whole.subarray(20)
  const alone = Array.from({ length: count }, (_, i) => {
    const at = start + i * stride
    return new BlockHeader(bytes.slice(at, at + HEADER_SIZE))
  })
  return { run: new HeaderRun(bytes, start, stride, count), alone }
}

const fieldsOf = ({ version, previousBlock, merkleRoot, time, bits, nonce }: BlockHeader) => ({
  version,
  previousBlock,
  merkleRoot,
  time,
  bits,
  nonce,
})

describe('a header of a run', () => {
  it('reads as one alone', () => {
    const { run, alone } = runOf(5)
    alone.forEach((header, i) => {
      expect(run.header(i)).toEqual(header)
      expect(fieldsOf(run.header(i))).toEqual(fieldsOf(header))
    })
  })

  it('has the same hash in whatever order they are asked for', () => {
    const { run, alone } = runOf(700)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 699 }), fc.nat({ max: 90 }))), starts => {
        for (const [from, count] of starts) {
          for (let i = from; i < Math.min(700, from + count); i += 1) {
            expect(run.header(i).hash).toEqual(alone[i]!.hash)
          }
        }
      }),
      { numRuns: 20 },
    )
  })

  it.each([1, 2, 9, 73, 2_000])('has the same hash one after the other and from the end, of %d', count => {
    const { run, alone } = runOf(count)
    for (let i = 0; i < count; i += 1) expect(run.header(i).hash).toEqual(alone[i]!.hash)
    for (let i = count - 1; i >= 0; i -= 1) expect(run.header(i).hash).toEqual(alone[i]!.hash)
  })

  it('has a hash of its own, and keeps it', () => {
    const { run, alone } = runOf(20)
    const headers = alone.map((_, i) => run.header(i))
    for (const header of headers) {
      expect(header.hash).toBe(header.hash)
      expect(header.hash.byteLength).toBe(header.hash.buffer.byteLength)
      run.header(3).hash.fill(0)
    }
    expect(headers.map(({ hash }) => hash)).toEqual(alone.map(({ hash }) => hash))
  })
})

describe('the headers of a message', () => {
  const payloadOf = (counts: readonly (readonly number[])[]) =>
    Uint8Array.from([
      counts.length,
      ...counts.flatMap((count, i) => [...patterned(HEADER_SIZE).fill(i, 0, 9), ...count]),
    ])
  const read = (counts: readonly (readonly number[])[], lenient: boolean) => {
    const message = decodeMessage('headers', payloadOf(counts), { lenient })
    if (message.command !== 'headers') throw new Error('no headers')
    return message.headers
  }
  const expected = (count: number) =>
    Array.from({ length: count }, (_, i) => sha256d(patterned(HEADER_SIZE).fill(i, 0, 9)))

  it('have their hashes', () => {
    const none = new Array<number[]>(12).fill([0])
    for (const lenient of [false, true]) {
      expect(Array.from(read(none, lenient), ({ hash }) => hash)).toEqual(expected(12))
    }
  })

  it('have their hashes where transactions are said to follow, in however many bytes', () => {
    const three = [0xfd, 0, 1]
    for (const counts of [[[0], [3], [0], [7]], [[0], three, [0], [0]], [[0], [0], [0], three], [three]]) {
      expect(Array.from(read(counts, true), ({ hash }) => hash)).toEqual(expected(counts.length))
    }
  })
})
