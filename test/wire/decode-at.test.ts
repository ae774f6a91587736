import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { commandAt } from '../../src/wire/command-bytes.js'
import { CommandTable } from '../../src/wire/command-table.js'
import { Reader } from '../../src/wire/cursor.js'
import { WireError } from '../../src/wire/error.js'
import {
  decodeMessage,
  decodeMessageAt,
  encodeMessage,
  isKnownCommand,
  type KnownCommand,
  type Message,
  messageTypes,
  toPlain,
} from '../../src/wire/messages.js'
import { messageArbitraries } from '../support/arbitraries.js'
import { mutate, seeded } from '../support/mutate.js'

const commands = Object.keys(messageTypes).filter(isKnownCommand)
const arbitraries: Readonly<Record<KnownCommand, fc.Arbitrary<Message>>> = messageArbitraries

/** What reading comes to: the message in plain form, or all that its error says. */
function result(read: () => Message): unknown {
  try {
    return toPlain(read())
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    const { code, command, offset, message } = error
    return { code, command, offset, message }
  }
}

describe.each(commands)('%s', command => {
  const type = messageTypes[command]

  it('is read where it lies as in a buffer of its own, sound or broken', () => {
    fc.assert(
      fc.property(
        arbitraries[command],
        fc.integer(),
        fc.nat(40),
        fc.nat(40),
        fc.boolean(),
        (message, seed, before, behind, lenient) => {
          const pick = seeded(seed)
          const whole = encodeMessage(message)
          for (const payload of [whole, whole.subarray(0, pick(whole.length + 1)), mutate(whole, pick)]) {
            const buffer = new Uint8Array(before + payload.length + behind).fill(pick(256))
            buffer.set(payload, before)
            const options = { lenient, protocolVersion: pick(2) === 0 ? 70_016 : 209 + pick(70_000) }
            expect(
              result(() => decodeMessageAt(type, buffer, before, before + payload.length, options)),
            ).toEqual(result(() => decodeMessage(command, payload.slice(), options)))
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  it('is read in one literal as by its fields', () => {
    fc.assert(
      fc.property(arbitraries[command], message => {
        const payload = encodeMessage(message)
        const decoded = type.decode(new Reader(payload, { command }))
        const fields = type.codec.decode(new Reader(payload, { command }))
        expect(Object.keys(decoded)).toEqual(['command', ...Object.keys(fields)])
        expect(toPlain(decoded)).toEqual(toPlain(message))
      }),
      { numRuns: 10 },
    )
  })
})

const field = (name: string) => Uint8Array.from({ length: 12 }, (_, i) => name.charCodeAt(i))

describe('the row of a command', () => {
  it.each(commands)('%s is found where it lies', command => {
    const bytes = new Uint8Array(40).fill(0xff)
    bytes.set(field(command), 7)
    expect(commandAt(bytes, 7).type).toBe(messageTypes[command])
  })

  it.each(['', 'bogus', 'constructor', '__proto__', 'unknown', 'VERSION', 'versionversi'])(
    '"%s" is none',
    name => {
      expect(commandAt(field(name), 0).type).toBeUndefined()
    },
  )

  it('is none where any one bit differs, of the name or of its padding', () => {
    for (const command of commands) {
      for (let bit = 0; bit < 96; bit += 1) {
        const bytes = field(command)
        bytes[bit >>> 3]! ^= 1 << (bit & 7)
        expect(commandAt(bytes, 0).type, `${command} with bit ${bit} turned`).toBeUndefined()
      }
    }
  })

  it('is found among names that begin at the same slot', () => {
    const names = Array.from({ length: 60 }, (_, i) => `name${i}`)
    const table = new CommandTable(names.map(name => [name, name] as const))
    for (const name of names) expect(table.at(field(name), 0)).toBe(name)
    expect(table.at(field('name60'), 0)).toBeUndefined()
  })
})

test('a reader over a part of a buffer has offsets and bytes of the payload', () => {
  const buffer = Uint8Array.of(9, 9, 1, 2, 3, 9)
  const reader = new Reader(buffer, {}, 2, 5)
  expect([reader.offset, reader.remaining, reader.position]).toEqual([0, 3, 2])
  expect(reader.skip(1)).toBe(0)
  expect(reader.u8()).toBe(2)
  expect([reader.offset, reader.remaining, reader.position]).toEqual([2, 1, 4])
  expect(Array.from(reader.bytes)).toEqual([1, 2, 3])
  reader.offset = 0
  expect(Array.from(reader.rest())).toEqual([1, 2, 3])
  expect(new Reader(buffer).bytes).toBe(buffer)
})

test('a size is not read behind the end of the payload', () => {
  const buffer = Uint8Array.of(1, 0xff, 0, 0, 0, 0, 1, 0, 0, 0)
  const reader = new Reader(buffer, {}, 0, 1)
  reader.u8()
  expect(() => reader.compactSize64()).toThrow(WireError)
  expect(() => reader.compactSize()).toThrow(WireError)
})
