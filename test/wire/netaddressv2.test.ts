import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { hostText, NetworkId } from '../../src/wire/host.js'
import type { TimedNetAddress } from '../../src/wire/netaddress.js'
import { netAddressV2 } from '../../src/wire/netaddressv2.js'
import { isUsableAddress } from '../../src/wire/usable-address.js'
import * as arbitraries from '../support/arbitraries.js'
import { describeVectors, vectorJson } from '../support/vectors.js'
import { outcome, wireErrorOf } from '../support/wire.js'

const read = (hex: string): TimedNetAddress => {
  const reader = new Reader(hexToBytes(hex))
  const value = netAddressV2.decode(reader)
  reader.end()
  return value
}

const written = (value: TimedNetAddress): string => {
  const writer = new Writer()
  netAddressV2.encode(writer, value)
  return bytesToHex(writer.finish())
}

/** A whole entry around `network id · varbytes`. */
const entry = (address: string): string => `00000065fd4804${address}208d`
const around = { time: 0x65000000, services: 0x448n, port: 8333 }
const bytesOfSize = (size: number): string => size.toString(16).padStart(2, '0') + '0b'.repeat(size)

describe('entries, read and written', () => {
  it.each<[string, string, number, string]>([
    ['IPv4', '0104' + '01020304', NetworkId.ipv4, '1.2.3.4'],
    ['IPv6', '0210' + '20010db8000000000000000000000001', NetworkId.ipv6, '2001:db8::1'],
    ['IPv4-mapped stays IPv6', '0210' + '00000000000000000000ffff01020304', NetworkId.ipv6, '::ffff:102:304'],
    ['Tor v2 of any length', '0302' + 'abcd', NetworkId.torV2, 'abcd'],
    ['Tor v3', `0420${'00'.repeat(32)}`, NetworkId.torV3, `${'a'.repeat(51)}m2dqd.onion`],
    ['I2P', `0520${'00'.repeat(32)}`, NetworkId.i2p, `${'a'.repeat(52)}.b32.i2p`],
    ['CJDNS', '0610' + 'fc000000000000000000000000000001', NetworkId.cjdns, 'fc00::1'],
    ['CJDNS outside fc00::/8', '0610' + 'aa000000000000000000000000000001', NetworkId.cjdns, 'aa00::1'],
    ['Yggdrasil', '0710' + '02000000000000000000000000000001', NetworkId.yggdrasil, '200::1'],
    ['Yggdrasil of another length', '0701' + 'ff', NetworkId.yggdrasil, 'ff'],
    ['an unknown network', 'aa04' + '01020304', 0xaa, '01020304'],
    ['network 0 without an address', '0000', 0, ''],
    ['an unknown network of 512 bytes', `fffd0002${'07'.repeat(512)}`, 0xff, '07'.repeat(512)],
  ])('%s', (_, hex, networkId, text) => {
    const value = read(entry(hex))
    expect(value).toMatchObject({ ...around, networkId })
    expect(hostText(value)).toBe(text)
    expect(written(value)).toBe(entry(hex))
    expect(netAddressV2.plain(value, {})).toEqual({
      time: around.time,
      host: text,
      port: 8333,
      services: '0x448',
      networkId,
    })
  })
})

describe('a wrong length spoils the message', () => {
  it.each([
    ['IPv4', NetworkId.ipv4, [0, 3, 5, 16]],
    ['IPv6', NetworkId.ipv6, [0, 4, 15, 17]],
    ['Tor v3', NetworkId.torV3, [0, 10, 31, 33, 35]],
    ['I2P', NetworkId.i2p, [0, 31, 33]],
    ['CJDNS', NetworkId.cjdns, [0, 4, 15, 17]],
  ])('%s', (_, networkId, sizes) => {
    for (const size of sizes) {
      const error = wireErrorOf(() => read(entry(`0${networkId}${bytesOfSize(size)}`)))
      expect([error.code, error.offset]).toEqual(['bad-address', 8])
      const value = { ...around, networkId, address: new Uint8Array(size) }
      expect(outcome(() => written(value))).toBe('bad-address')
    }
  })
})

describe('faults', () => {
  it.each([
    ['too-long', '513 bytes', entry(`aafd0102${'07'.repeat(513)}`)],
    ['too-long', '33,554,432 bytes', entry('aafe0000000201020304050607')],
    ['too-long', 'IPv4 of 513 bytes', entry(`01fd0102${'07'.repeat(513)}`)],
    ['non-canonical-size', 'a length in a long form', entry('01fd040001020304')],
    ['non-canonical-size', 'services in a long form', '00000065fd4800010401020304208d'],
    ['truncated', 'no port', '0000006500010401020304'],
    ['truncated', 'an address that ends early', '000000650001040102'],
    ['truncated', 'only a time', '00000065'],
  ])('%s: %s', (code, _, hex) => {
    expect(outcome(() => read(hex))).toBe(code)
  })

  it.each<[string, Partial<TimedNetAddress>]>([
    ['too-long', { networkId: 99, address: new Uint8Array(513) }],
    ['bad-value', { networkId: 256 }],
    ['bad-value', { networkId: -1 }],
    ['bad-value', { port: 65_536 }],
    ['bad-value', { services: -1n }],
    ['bad-value', { services: 1n << 64n }],
    ['bad-value', { time: 2 ** 32 }],
  ])('written, %s: %o', (code, change) => {
    const value = { ...around, networkId: 99, address: new Uint8Array(0), ...change }
    expect(outcome(() => written(value))).toBe(code)
  })
})

test('services take the whole 64 bits, in the shortest form', () => {
  const sizes = [
    0n,
    0xfcn,
    0xfdn,
    0xffffn,
    0x1_0000n,
    0xffff_ffffn,
    0x1_0000_0000n,
    0xffff_ffff_ffff_ffffn,
  ].map(services => {
    const hex = written({ ...around, services, networkId: 99, address: new Uint8Array(0) })
    expect(read(hex).services).toBe(services)
    return hex.length / 2 - 8
  })
  expect(sizes).toEqual([1, 1, 3, 3, 5, 5, 9, 9])
})

test('any entry survives, bytes and value', () => {
  fc.assert(
    fc.property(arbitraries.netAddressV2, value => {
      const hex = written(value)
      expect(read(hex)).toEqual(value)
      expect(written(read(hex))).toBe(hex)
    }),
  )
})

test('any bytes are an entry or a WireError', () => {
  const nearly = fc
    .tuple(arbitraries.u8, fc.constantFrom(0, 4, 10, 16, 32, 40), fc.uint8Array({ maxLength: 45 }))
    .map(([networkId, size, tail]) => Uint8Array.of(0, 0, 0, 0, 1, networkId, size, ...tail))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), nearly), bytes => {
      outcome(() => {
        const value = netAddressV2.decode(new Reader(bytes))
        hostText(value)
        isUsableAddress(value)
        netAddressV2.plain(value, {})
      })
    }),
  )
})

describeVectors('bip155/addrv2.json', () => {
  interface Row {
    readonly addr: string
    readonly outcome: 'accept' | 'ignore' | 'error' | 'special' | 'bip'
    readonly text?: string
    readonly note?: string
  }
  const { addresses } = vectorJson<{ addresses: readonly Row[] }>('bip155/addrv2.json', { addresses: [] })

  it('has them all', () => expect(addresses.length).toBe(25))

  it.each(addresses)('$outcome $addr $note', row => {
    if (row.outcome === 'error') {
      expect(['bad-address', 'too-long', 'truncated']).toContain(outcome(() => read(entry(row.addr))))
      return
    }
    const value = read(entry(row.addr))
    expect(value).toMatchObject(around)
    expect(written(value)).toBe(entry(row.addr))
    expect(isUsableAddress(value)).toBe(row.outcome === 'accept')
    // Core's internal names are no names of a network: to us the address is the IPv6 one that it looks like.
    const text = row.text?.endsWith('.internal') ? 'fd6b:88c0:8724:ca97:8112:ca1b:bdca:fac2' : row.text
    if (text !== undefined) expect(hostText(value)).toBe(text)
  })
})
