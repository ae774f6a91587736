import { expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from '../../../src/wire/hex.js'
import { decodeMessage, encodeMessage, messageTypes } from '../../../src/wire/messages.js'
import { describeVectors, vectorJson } from '../../support/vectors.js'
import { outcome } from '../../support/wire.js'

const message = { command: 'sendtxrcncl', version: 1, salt: 0xdeadbeefcafebaben } as const
const payload = '01000000bebafecaefbeadde'

test('bytes and value', () => {
  expect(decodeMessage('sendtxrcncl', hexToBytes(payload))).toEqual(message)
  expect(bytesToHex(encodeMessage(message))).toBe(payload)
})

test('the row', () => {
  expect(messageTypes.sendtxrcncl).toMatchObject({
    bips: [330],
    direction: 'handshake',
    minVersion: 70_016,
    shortId: undefined,
  })
  expect(messageTypes.sendtxrcncl.maxLength(70_016)).toBe(12)
})

test.each([
  ['ok', payload, 70_016],
  ['unsupported-version', payload, 70_015],
  ['oversized-payload', `${payload}00`, 70_016],
  ['truncated', payload.slice(2), 70_016],
  ['truncated', '', 70_016],
])('%s: %s at %i', (code, bytes, protocolVersion) => {
  expect(outcome(() => decodeMessage('sendtxrcncl', hexToBytes(bytes), { protocolVersion }))).toBe(code)
})

describeVectors('wire/core_framework_messages.json', () => {
  interface Row {
    readonly command: string
    readonly payload: string
    readonly fields: { readonly version: number; readonly salt: string }
  }
  const { messages } = vectorJson<{ messages: readonly Row[] }>('wire/core_framework_messages.json', {
    messages: [],
  })

  test('what Core writes', () => {
    const rows = messages.filter(({ command }) => command === 'sendtxrcncl')
    expect(rows.length).toBe(1)
    for (const { payload: bytes, fields } of rows) {
      const value = decodeMessage('sendtxrcncl', hexToBytes(bytes))
      expect(value).toEqual({ command: 'sendtxrcncl', version: fields.version, salt: BigInt(fields.salt) })
      expect(bytesToHex(encodeMessage(value))).toBe(bytes)
    }
  })
})
