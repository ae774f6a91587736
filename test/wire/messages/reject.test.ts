import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { bytesToHex, equalBytes, hexToBytes } from '../../../src/wire/hex.js'
import type { RejectMessage } from '../../../src/wire/messages/reject.js'
import { decodeMessage, encodeMessage, messageTypes, toPlain } from '../../../src/wire/messages.js'
import { messageArbitraries } from '../../support/arbitraries.js'
import { outcome, wireErrorOf } from '../../support/wire.js'

const hash = Uint8Array.from({ length: 32 }, (_, i) => i)
const hashHex = bytesToHex(hash)
const data = Uint8Array.of(1, 2, 3)
const base = { command: 'reject', code: 0x10, reason: 'bad' } as const
const tail = '10' + '03626164'
const heads = { tx: `027478${tail}`, block: `05626c6f636b${tail}`, version: `0776657273696f6e${tail}` }

describe('what is behind the reason', () => {
  it.each<[string, string, Omit<RejectMessage, 'command' | 'code' | 'reason'>]>([
    ['nothing', heads.version, { rejected: 'version' }],
    ['bytes, as BIP61 allows', `${heads.version}010203`, { rejected: 'version', data }],
    ['32 bytes that are no hash', `${heads.version}${hashHex}`, { rejected: 'version', data: hash }],
    ['the hash of a transaction', `${heads.tx}${hashHex}`, { rejected: 'tx', hash }],
    ['the hash of a block', `${heads.block}${hashHex}`, { rejected: 'block', hash }],
    ['no hash of a transaction, as Core sent', heads.tx, { rejected: 'tx' }],
    ['no hash of a block', heads.block, { rejected: 'block' }],
    ['less than a hash', `${heads.tx}010203`, { rejected: 'tx', data }],
    ['31 bytes', `${heads.block}${hashHex.slice(2)}`, { rejected: 'block', data: hash.subarray(1) }],
    ['more than a hash', `${heads.block}${hashHex}010203`, { rejected: 'block', hash, data }],
  ])('%s: %s', (_, hex, fields) => {
    const message: RejectMessage = { ...base, ...fields }
    expect(decodeMessage('reject', hexToBytes(hex))).toEqual(message)
    expect(decodeMessage('reject', hexToBytes(hex), { lenient: true })).toEqual(message)
    expect(bytesToHex(encodeMessage(message))).toBe(hex)
  })

  it('nothing at all is the same as no bytes', () => {
    expect(bytesToHex(encodeMessage({ ...base, rejected: 'tx', data: new Uint8Array(0) }))).toBe(heads.tx)
    const plain = { ...base, rejected: 'tx' }
    expect(toPlain({ ...plain, data: new Uint8Array(0), hash: undefined })).toEqual(plain)
  })

  it('in plain form the hash is shown back to front, the data as it is', () => {
    expect(toPlain({ ...base, rejected: 'tx', hash, data })).toEqual({
      ...base,
      rejected: 'tx',
      hash: bytesToHex(hash.slice().reverse()),
      data: '010203',
    })
  })
})

describe('what has no form', () => {
  it.each<[string, RejectMessage]>([
    ['a hash of what has none', { ...base, rejected: 'version', hash }],
    ['a hash of 31 bytes', { ...base, rejected: 'tx', hash: hash.subarray(1) }],
    ['data that would be read as the hash', { ...base, rejected: 'tx', data: hash }],
    ['more of it', { ...base, rejected: 'block', data: new Uint8Array(40) }],
  ])('%s', (_, message) => {
    expect(wireErrorOf(() => encodeMessage(message))).toMatchObject({ code: 'bad-value', command: 'reject' })
  })
})

test('what is before must be whole', () => {
  for (const hex of Object.values(heads)) {
    for (let length = 0; length < hex.length / 2; length += 1) {
      expect(outcome(() => decodeMessage('reject', hexToBytes(hex).subarray(0, length)))).toBe('truncated')
    }
  }
})

test('the row', () => {
  expect(messageTypes.reject).toMatchObject({ bips: [61], minVersion: 70_002, shortId: undefined })
})

test('any bytes behind any reject make one, and it is written as it came', () => {
  fc.assert(
    fc.property(messageArbitraries.reject, fc.uint8Array({ maxLength: 70 }), (message, more) => {
      const bytes = Uint8Array.of(...encodeMessage(message), ...more)
      const decoded = decodeMessage('reject', bytes)
      expect(equalBytes(encodeMessage(decoded), bytes)).toBe(true)
      expect(decoded).toMatchObject({ rejected: message.rejected, reason: message.reason })
    }),
  )
})
