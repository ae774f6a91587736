import { expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from '../../../src/wire/hex.js'
import { decodeMessage, encodeMessage, messageTypes, toPlain } from '../../../src/wire/messages.js'
import { outcome } from '../../support/wire.js'

test('payload and signature, whatever they hold', () => {
  const message = {
    command: 'alert',
    payload: Uint8Array.of(1, 2, 3),
    signature: Uint8Array.of(0x30, 0),
  } as const
  expect(bytesToHex(encodeMessage(message))).toBe('03010203' + '023000')
  expect(decodeMessage('alert', hexToBytes('03010203023000'))).toEqual(message)
  expect(toPlain(message)).toEqual({ command: 'alert', payload: '010203', signature: '3000' })
})

test('the row: no version gate, and no short form in the encrypted transport', () => {
  expect(messageTypes.alert).toMatchObject({ bips: [], minVersion: 0, shortId: undefined })
})

test.each([
  ['ok', '0000'],
  ['truncated', ''],
  ['truncated', '00'],
  ['truncated', '0201'],
  ['truncated', '0001'],
  ['trailing-bytes', '000000'],
  ['too-long', 'fe01093d00'],
])('%s: %s', (code, payload) => {
  expect(outcome(() => decodeMessage('alert', hexToBytes(payload)))).toBe(code)
})
