import { expect, it, test } from 'vitest'
import { bytesToHex, hexToBytes } from '../../../src/wire/hex.js'
import { hostText } from '../../../src/wire/host.js'
import { decodeMessage, encodeMessage, messageTypes } from '../../../src/wire/messages.js'
import { describeVectors, vectorJson } from '../../support/vectors.js'
import { outcome } from '../../support/wire.js'

/** Decodes, asserts that the same bytes come out again, and answers the addresses. */
function addressesOf(command: string, payload: string) {
  const message = decodeMessage(command, hexToBytes(payload))
  if (message.command !== 'addrv2' && message.command !== 'addr') expect.fail(`${message.command} came out`)
  expect(bytesToHex(encodeMessage(message))).toBe(payload)
  return Array.from(message.addresses)
}

test('an unknown network is skipped by whoever wants to, and the next address is kept', () => {
  const addresses = addressesOf('addrv2', '0200000065019902abab208d0000006501010409090909208d')
  expect(addresses).toEqual([
    { time: 0x65000000, services: 1n, networkId: 0x99, address: Uint8Array.of(0xab, 0xab), port: 8333 },
    { time: 0x65000000, services: 1n, networkId: 1, address: Uint8Array.of(9, 9, 9, 9), port: 8333 },
  ])
})

test('the row', () => {
  expect(messageTypes.addrv2).toMatchObject({ bips: [155], shortId: 28, minVersion: 0 })
  // btcd's MaxPayloadLength.
  expect(messageTypes.addrv2.maxLength(70016)).toBe(531_003)
})

const smallest = '00000000' + '00' + '99' + '00' + '0000'

test.each([
  ['ok', '00'],
  ['ok', `fde803${smallest.repeat(1000)}`],
  ['too-many', `fde903${smallest.repeat(1001)}`],
  ['truncated', ''],
  ['truncated', `02${smallest}`],
  ['trailing-bytes', `01${smallest}00`],
  ['bad-address', '01000000000001050102030405' + '208d'],
  // Far more than could follow: refused before anything is made.
  ['truncated', 'fde803'],
  ['too-many', 'fe00000002'],
])('%s: %.20s', (code, payload) => {
  expect(outcome(() => decodeMessage('addrv2', hexToBytes(payload)))).toBe(code)
})

test('more than 1000 are not written', () => {
  const one = { time: 0, services: 0n, networkId: 99, address: new Uint8Array(512), port: 0 }
  const message = (count: number) => ({ command: 'addrv2' as const, addresses: Array(count).fill(one) })
  expect(encodeMessage(message(1000)).length).toBeLessThanOrEqual(531_003)
  expect(outcome(() => encodeMessage(message(1001)))).toBe('too-many')
})

describeVectors('addresses of the vectors', () => {
  interface Entry {
    readonly time: number
    readonly services: string
    readonly networkId?: number
    readonly ip?: string
    readonly address?: string
    readonly port: number
  }
  interface Row {
    readonly command: string
    readonly payload: string
    readonly outcome: string
    readonly note?: string
    readonly addresses?: readonly Entry[]
  }
  const { messages } = vectorJson<{ messages: readonly Row[] }>('bip155/addrv2.json', { messages: [] })
  interface FrameworkRow {
    readonly command: string
    readonly payload: string
    readonly fields: { readonly addresses: readonly Entry[] }
  }
  const framework = vectorJson<{ messages: readonly FrameworkRow[] }>('wire/core_framework_messages.json', {
    messages: [],
  })

  const agree = (row: { command: string; payload: string }, entries: readonly Entry[]) => {
    const seen = addressesOf(row.command, row.payload).map(address => ({
      time: address.time,
      services: address.services.toString(),
      address: hostText(address),
      port: address.port,
      networkId: address.networkId,
    }))
    expect(seen).toMatchObject(
      entries.map(({ ip, address, ...rest }) => ({ ...rest, address: address ?? ip })),
    )
    expect(seen.length).toBe(entries.length)
  }

  it('has 6 messages', () => expect(messages.length).toBe(6))

  const refused = messages.filter(row => row.outcome === 'error')
  const withUnknown = messages.filter(row => row.note?.startsWith('an unknown'))
  const accepted = messages.filter(row => !refused.includes(row) && !withUnknown.includes(row))

  it.each(refused)('$command, refused: $note', row => {
    expect(['truncated', 'too-long']).toContain(outcome(() => addressesOf(row.command, row.payload)))
  })

  it.each(accepted)('$command, read: $note', row => agree(row, row.addresses ?? []))

  it.each(withUnknown)('$command, read with the unknown one: $note', row => {
    const kept = addressesOf(row.command, row.payload).filter(({ networkId }) => networkId === 1)
    expect(kept.map(address => hostText(address))).toEqual(row.addresses?.map(({ address }) => address))
  })

  it('reads what the test framework of Core writes', () => {
    const rows = framework.messages.filter(({ command }) => command === 'addrv2')
    expect(rows.length).toBe(1)
    for (const row of rows) agree(row, row.fields.addresses)
  })
})
