import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Deframer } from '../../src/wire/deframer.js'
import { WireError } from '../../src/wire/error.js'
import { encodeFrame } from '../../src/wire/frame.js'
import { equalBytes } from '../../src/wire/hex.js'
import {
  decodeMessage,
  encodeMessage,
  isKnownCommand,
  type KnownCommand,
  type Message,
  messageTypes,
  toPlain,
} from '../../src/wire/messages.js'
import { regtest } from '../../src/wire/network.js'
import { messageArbitraries } from '../support/arbitraries.js'
import { mutate, type Pick, seeded } from '../support/mutate.js'
import { outcome } from '../support/wire.js'

const commands = Object.keys(messageTypes).filter(isKnownCommand)
const arbitraries: Readonly<Record<KnownCommand, fc.Arbitrary<Message>>> = messageArbitraries

/** Old versions of `version` end early, and a `reject` may leave out what is behind its reason. */
const mayEndEarly: ReadonlySet<KnownCommand> = new Set<KnownCommand>(['version', 'reject'])
/** A `reject` takes all that is behind its reason. */
const takesTheRest: ReadonlySet<KnownCommand> = new Set<KnownCommand>(['reject'])

/** Versions on either side of what changes the form of a message. */
const versions = [0, 208, 209, 31_401, 31_402, 60_000, 60_001, 70_000, 70_001, 70_016]

const seeds = fc.integer()

describe.each(commands)('%s', command => {
  const messages = arbitraries[command]

  it('has a generator', () => {
    expect(messages).toBeDefined()
  })

  it('comes back as it was sent, in value and in bytes', () => {
    fc.assert(
      fc.property(messages, message => {
        const bytes = encodeMessage(message)
        const decoded = decodeMessage(command, bytes)
        expect(toPlain(decoded)).toEqual(toPlain(message))
        expect(equalBytes(encodeMessage(decoded), bytes)).toBe(true)
      }),
      { numRuns: 40 },
    )
  })

  it('comes back at every protocol version that has it', () => {
    fc.assert(
      fc.property(messages, fc.constantFrom(...versions), (message, protocolVersion) => {
        let bytes: Uint8Array
        try {
          bytes = encodeMessage(message, { protocolVersion })
        } catch (error) {
          // Old versions have fewer messages, and shorter lists.
          expect(error).toBeInstanceOf(WireError)
          return
        }
        const decoded = decodeMessage(command, bytes, { protocolVersion })
        expect(equalBytes(encodeMessage(decoded, { protocolVersion }), bytes)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('is truncated wherever it is cut', () => {
    fc.assert(
      fc.property(messages, message => {
        const bytes = encodeMessage(message)
        const stride = Math.ceil(bytes.length / 400)
        for (let length = 0; length < bytes.length; length += stride) {
          const code = outcome(() => decodeMessage(command, bytes.slice(0, length)))
          if (code === 'ok' && mayEndEarly.has(command)) continue
          expect(code, `${length} of ${bytes.length} bytes`).toBe('truncated')
        }
      }),
      { numRuns: 8 },
    )
  })

  it.skipIf(takesTheRest.has(command))('refuses one byte more, unless it is read leniently', () => {
    fc.assert(
      fc.property(messages, fc.nat(255), (message, byte) => {
        const payload = encodeMessage(message)
        // Not by spreading it: payloads may be longer than a call can have arguments.
        const longer = new Uint8Array(payload.length + 1)
        longer.set(payload)
        longer[payload.length] = byte
        expect(['trailing-bytes', 'oversized-payload']).toContain(
          outcome(() => decodeMessage(command, longer)),
        )
        const lenient = decodeMessage(command, longer, { lenient: true })
        expect(toPlain(lenient)).toEqual(toPlain(message))
      }),
      { numRuns: 10 },
    )
  })

  it('mutated in any way is a WireError or a message that can be read, and written again', () => {
    fc.assert(
      fc.property(messages, seeds, (message, seed) => {
        const pick = seeded(seed)
        const bytes = encodeMessage(message)
        for (let i = 0; i < 12; i += 1) {
          const read = readFrames(encodeFrame(regtest.magic, command, mutate(bytes, pick)), pick)
          for (const one of read) {
            const plain = toPlain(one)
            expect(toPlain(decodeMessage(command, encodeMessage(one)))).toEqual(plain)
          }
        }
      }),
      { numRuns: 25 },
    )
  })
})

/** The messages of a stream cut into chunks anywhere; a fault ends it, and must be a WireError. */
function readFrames(bytes: Uint8Array, pick: Pick): Message[] {
  const deframer = new Deframer(regtest.magic)
  const messages: Message[] = []
  try {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + 1 + pick(bytes.length))
      deframer.push(bytes.subarray(at, end))
      at = end
      for (let frame = deframer.next(); frame; frame = deframer.next()) {
        messages.push(decodeMessage(frame.name, frame.payload))
      }
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
  }
  return messages
}

test('a mutated stream of several frames throws nothing but WireError', () => {
  const any = fc.oneof(...Object.values(arbitraries))
  fc.assert(
    fc.property(fc.array(any, { minLength: 1, maxLength: 5 }), seeds, (messages, seed) => {
      const pick = seeded(seed)
      const frames = messages.map(message =>
        encodeFrame(regtest.magic, message.command, encodeMessage(message)),
      )
      const stream = Uint8Array.from(frames.flatMap(frame => Array.from(frame)))
      expect(readFrames(stream, pick).map(message => message.command)).toEqual(
        messages.map(message => message.command),
      )
      for (const message of readFrames(mutate(stream, pick), pick)) toPlain(message)
    }),
    { numRuns: 100 },
  )
})

test('random bytes under any name throw nothing but WireError', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...commands),
      fc.uint8Array({ maxLength: 200 }),
      fc.boolean(),
      (command, bytes, lenient) => {
        let message: Message | undefined
        try {
          message = decodeMessage(command, bytes, { lenient })
        } catch (error) {
          expect(error).toBeInstanceOf(WireError)
          expect(error).toHaveProperty('command', command)
        }
        if (message) expect(toPlain(message)['command']).toBe(command)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('the decoded message shares memory with the payload, and the payload is left alone', () => {
  fc.assert(
    fc.property(fc.oneof(...Object.values(arbitraries)), message => {
      const bytes = encodeMessage(message)
      const before = bytes.slice()
      toPlain(decodeMessage(message.command, bytes))
      expect(equalBytes(bytes, before)).toBe(true)
    }),
    { numRuns: 100 },
  )
})
