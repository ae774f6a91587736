import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Writer } from '../../src/wire/cursor.js'
import { encodeFrame } from '../../src/wire/frame.js'
import { zeroHash } from '../../src/wire/hash.js'
import { equalBytes } from '../../src/wire/hex.js'
import { encodeMessageFrame, writeMessageFrame } from '../../src/wire/message-frame.js'
import type { MessageType } from '../../src/wire/message-type.js'
import {
  decodeMessage,
  encodeMessage,
  isKnownCommand,
  type KnownCommand,
  type Message,
  messageTypes,
  wireName,
} from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { messageArbitraries } from '../support/arbitraries.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const { magic } = regtest
const commands = Object.keys(messageTypes).filter(isKnownCommand)
const arbitraries: Readonly<Record<KnownCommand, fc.Arbitrary<Message>>> = messageArbitraries

/** The payload by the fields of the row, one after the other in a writer of its own. */
function byFields(message: Message): Uint8Array {
  if (message.command === 'unknown') return message.payload
  const type: MessageType = messageTypes[message.command]
  const writer = new Writer({ command: message.command })
  type.codec.encode(writer, message)
  return writer.finish()
}

describe.each(commands)('%s', command => {
  it('has one frame, whichever way it is written, from a literal and as it was received', () => {
    fc.assert(
      fc.property(arbitraries[command], fc.nat(40), fc.nat(40), (literal, before, behind) => {
        const payload = byFields(literal)
        const frame = encodeFrame(magic, command, payload)
        for (const message of [literal, decodeMessage(command, payload)]) {
          expect(equalBytes(encodeMessage(message), payload)).toBe(true)
          expect(equalBytes(encodeMessageFrame(magic, message), frame)).toBe(true)
          const target = new Uint8Array(before + frame.length + behind).fill(0xaa)
          const expected = target.slice()
          expected.set(frame, before)
          expect(writeMessageFrame(target, before, magic, message)).toBe(before + frame.length)
          expect(equalBytes(target, expected)).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe('a frame written into a buffer', () => {
  const inv = (count: number): Message => ({
    command: 'inv',
    inventory: Array.from({ length: count }, () => ({ type: 1, hash: zeroHash })),
  })
  const unknown: Message = { command: 'unknown', name: 'custom', payload: Uint8Array.of(1, 2, 3) }

  it.each<[string, Message]>([
    ['ping', { command: 'ping', nonce: 1n }],
    ['verack', { command: 'verack' }],
    ['inv of none', inv(0)],
    ['inv of 300', inv(300)],
    ['a message without a row', unknown],
  ])('%s: to the last byte, and not where a byte is missing', (_, message) => {
    const frame = encodeMessageFrame(magic, message)
    const name = wireName(message)
    expect(frame).toEqual(encodeFrame(magic, name, encodeMessage(message)))
    for (
      let room = 0;
      room <= frame.length + 1;
      room += room < 40 ? 1 : Math.min(97, frame.length + 1 - room || 1)
    ) {
      const target = new Uint8Array(5 + room)
      const end = writeMessageFrame(target, 5, magic, message)
      expect(end, `${room} bytes`).toBe(room < frame.length ? -1 : 5 + frame.length)
      expect(target.subarray(0, 5)).toEqual(new Uint8Array(5))
      if (end > 0) expect(target.subarray(5, end)).toEqual(frame)
    }
    expect(writeMessageFrame(new Uint8Array(4), 5, magic, message)).toBe(-1)
    for (const [length, end] of [
      [frame.length - 1, -1],
      [frame.length, frame.length],
    ] as const) {
      expect(writeMessageFrame(new Uint8Array(length), 0, magic, message)).toBe(end)
    }
  })

  it('throws as encoding does, by the offset in the payload', () => {
    const bad: Message = { command: 'inv', inventory: [{ type: 1, hash: new Uint8Array(31) }] }
    const place = { code: 'bad-value', command: 'inv', offset: 5 }
    expect(wireErrorOf(() => encodeMessage(bad))).toMatchObject(place)
    expect(wireErrorOf(() => encodeMessageFrame(magic, bad))).toMatchObject(place)
    expect(wireErrorOf(() => writeMessageFrame(new Uint8Array(500), 100, magic, bad))).toMatchObject(place)
    const wide = { command: 'unknown', name: 'pi€', payload: zeroHash } as const
    expect(outcome(() => encodeMessageFrame(magic, wide))).toBe('bad-command')
    expect(outcome(() => writeMessageFrame(new Uint8Array(500), 0, magic, wide))).toBe('bad-command')
  })
})

describe('what encoding answers is left alone', () => {
  const pings = Array.from({ length: 3 }, (_, nonce): Message => ({ command: 'ping', nonce: BigInt(nonce) }))
  const expected = pings.map(ping => encodeFrame(magic, 'ping', byFields(ping)))

  it('by what is encoded later, and holds no more than itself', () => {
    const hashes = Array.from({ length: 300 }, () => ({ type: 5, hash: zeroHash }))
    const long: Message = { command: 'inv', inventory: hashes }
    const frames = pings.map(ping => encodeMessageFrame(magic, ping))
    const payloads = pings.map(ping => encodeMessage(ping))
    const longer = encodeMessageFrame(magic, long)
    encodeMessage({ command: 'inv', inventory: hashes.slice(0, 100) })
    expect(frames).toEqual(expected)
    expect(payloads).toEqual(expected.map(frame => frame.subarray(24)))
    expect(longer).toEqual(encodeFrame(magic, 'inv', byFields(long)))
    for (const bytes of [...frames, ...payloads, longer]) expect(bytes.buffer.byteLength).toBe(bytes.length)
  })

  it('by what a field encodes while it is read', () => {
    const inner: Uint8Array[] = []
    const nested: Message = {
      command: 'inv',
      inventory: [
        {
          get type() {
            for (const ping of pings) inner.push(encodeMessageFrame(magic, ping))
            return 7
          },
          hash: zeroHash,
        },
      ],
    }
    const frame = encodeFrame(
      magic,
      'inv',
      byFields({ command: 'inv', inventory: [{ type: 7, hash: zeroHash }] }),
    )
    expect(encodeMessageFrame(magic, nested)).toEqual(frame)
    expect(encodeMessage(nested)).toEqual(frame.subarray(24))
    for (const [index, bytes] of inner.entries()) expect(bytes).toEqual(expected[index % 3])
    expect(inner).toHaveLength(6)
  })

  it('by an encoding that fails half-way', () => {
    const bad: Message = {
      command: 'getheaders',
      version: 1,
      locator: [zeroHash, zeroHash],
      stop: new Uint8Array(31),
    }
    const before = encodeMessageFrame(magic, pings[0]!)
    expect(outcome(() => encodeMessageFrame(magic, bad))).toBe('bad-value')
    expect(outcome(() => encodeMessage(bad))).toBe('bad-value')
    expect(before).toEqual(expected[0])
    expect(encodeMessageFrame(magic, pings[1]!)).toEqual(expected[1])
  })
})

test('lists within lists do not grow by an item at a time', () => {
  const writer = new Writer()
  for (let i = 0; i < 10_000; i += 1) {
    const { buffer } = writer
    writer.room(1)
    if (writer.buffer !== buffer) expect(writer.buffer.length).toBeGreaterThanOrEqual(2 * buffer.length)
    writer.u8(1)
  }
  expect(writer.finish()).toHaveLength(10_000)
})
