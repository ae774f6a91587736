import { describe, expect, it } from 'vitest'
import type { Plain } from '../../src/wire/codec.js'
import type { WireErrorCode } from '../../src/wire/error.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import {
  decodeMessage,
  encodeMessage,
  type KnownCommand,
  type Message,
  type MessageOf,
  messageTypes,
  toPlain,
} from '../../src/wire/messages.js'
import { describeVectors, vectorJson } from './vectors.js'
import { outcome } from './wire.js'

type PlainFields = { readonly [field: string]: Plain }

/** What the test of one message states. */
export interface MessageFacts<C extends KnownCommand> {
  /** A message, its payload in hex, and its plain form without `command`. */
  readonly message: MessageOf<C>
  readonly payload: string
  readonly plain: PlainFields
  /** The facts of its row in the table. */
  readonly row: {
    readonly bips: readonly number[]
    readonly direction: string
    readonly minVersion: number
    readonly shortId: number | undefined
    readonly maxLength: number
  }
  /** Payloads in hex and what decoding answers. */
  readonly payloads: readonly (readonly [what: string, code: WireErrorCode | 'ok', payload: string])[]
  /** Messages that cannot be written, and why. */
  readonly unwritable?: readonly (readonly [code: WireErrorCode, message: MessageOf<C>])[]
  /** How many vectors Core and btcd have, and the part of the plain form that their fields state. */
  readonly vectors?: { readonly count: number; plain(fields: never): PlainFields }
}

interface VectorRow {
  readonly command: string
  readonly payload: string
  readonly fields: never
}

/** The suite that every message passes: value and bytes, the row, what is refused, and the shared vectors. */
export function describeMessage<C extends KnownCommand>(command: C, facts: MessageFacts<C>): void {
  const { row, payload, plain, message, vectors } = facts
  describe(command, () => {
    it('goes from value to bytes and back', () => {
      expect(bytesToHex(encodeMessage(message satisfies Message))).toBe(payload)
      expect(toPlain(decodeMessage(command, hexToBytes(payload)))).toEqual({ command, ...plain })
    })

    it('has its row', () => {
      const { maxLength, ...rest } = row
      expect(messageTypes[command]).toMatchObject({ command, ...rest })
      expect(messageTypes[command].maxLength(70_016)).toBe(maxLength)
    })

    it('exists from its version on', () => {
      const { minVersion: protocolVersion } = row
      expect(outcome(() => decodeMessage(command, hexToBytes(payload), { protocolVersion }))).toBe('ok')
      expect(outcome(() => encodeMessage(message satisfies Message, { protocolVersion }))).toBe('ok')
      if (protocolVersion === 0) return
      const before = { protocolVersion: protocolVersion - 1 }
      expect(outcome(() => decodeMessage(command, hexToBytes(payload), before))).toBe('unsupported-version')
      expect(outcome(() => encodeMessage(message satisfies Message, before))).toBe('unsupported-version')
    })

    it('is refused wherever its payload is cut', () => {
      const bytes = hexToBytes(payload)
      for (let length = 0; length < bytes.length; length += 1) {
        expect(outcome(() => decodeMessage(command, bytes.subarray(0, length)))).toBe('truncated')
      }
    })

    it.each(facts.payloads)('%s: %s', (_, code, bytes) => {
      expect(outcome(() => decodeMessage(command, hexToBytes(bytes)))).toBe(code)
    })

    it.each((facts.unwritable ?? []).map(([code, value], n) => ({ code, value, n })))(
      'cannot be written, case $n: $code',
      ({ code, value }) => {
        expect(outcome(() => encodeMessage(value satisfies Message))).toBe(code)
      },
    )
  })

  if (vectors === undefined) return
  describeVectors(`${command} as Core and btcd write it`, () => {
    const core = vectorJson<{ messages: VectorRow[] }>('wire/core_framework_messages.json', { messages: [] })
    const btcd = vectorJson<{ valid: VectorRow[] }>('wire/btcd_messages.json', { valid: [] })
    const rows = [...core.messages, ...btcd.valid].filter(one => one.command === command)

    it('is there', () => {
      expect(rows).toHaveLength(vectors.count)
    })

    it.each(rows)('decodes and encodes $payload', one => {
      const decoded = decodeMessage(command, hexToBytes(one.payload))
      expect(toPlain(decoded)).toMatchObject({ command, ...vectors.plain(one.fields) })
      expect(bytesToHex(encodeMessage(decoded))).toBe(one.payload)
    })
  })
}
