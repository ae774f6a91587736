import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { Reader, Writer } from '../../src/wire/cursor.js'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import {
  hostText,
  type NetAddress,
  NetworkId,
  netAddress,
  parseHost,
  type TimedNetAddress,
  timedNetAddress,
  unknownAddress,
} from '../../src/wire/netaddress.js'
import * as arbitraries from '../support/arbitraries.js'
import { wireErrorOf } from '../support/wire.js'

function bytesOf(codec: typeof netAddress, value: NetAddress): string {
  const writer = new Writer()
  codec.encode(writer, value)
  return bytesToHex(writer.finish())
}

function textOf(networkId: number, hex: string): string {
  return hostText({ networkId, address: hexToBytes(hex) })
}

describe('text of an address and back', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['1.2.3.4', '01020304'],
    ['127.0.0.1', '7f000001'],
    ['255.255.255.255', 'ffffffff'],
  ])('IPv4 %s', (text, hex) => {
    expect(textOf(NetworkId.ipv4, hex)).toBe(text)
    expect(parseHost(text)).toEqual({ networkId: NetworkId.ipv4, address: hexToBytes(hex) })
  })

  // RFC 5952: no leading zeros (4.1), "::" as long as it can be (4.2.1), never for one group (4.2.2), the first of
  // equals (4.2.3), lower case (4.3).
  it.each([
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['2001:db8::2:1', '20010db8000000000000000000020001'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['2001:0:0:1::1', '20010000000000010000000000000001'],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa', '20010db8aaaabbbbccccddddeeeeaaaa'],
    ['1:2:3:4:5:6:7:0', '00010002000300040005000600070000'],
    ['0:2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['::3:4:5:6:7:8', '00000000000300040005000600070008'],
    ['1:2:3:4:5:6::', '00010002000300040005000600000000'],
    ['fe80::a:b00:c0d:ffff', 'fe80000000000000000a0b000c0dffff'],
  ])('IPv6 %s', (text, hex) => {
    expect(textOf(NetworkId.ipv6, hex)).toBe(text)
    expect(parseHost(text)).toEqual({ networkId: NetworkId.ipv6, address: hexToBytes(hex) })
  })

  it('unknown networks are shown in hex', () => {
    expect(textOf(200, '00ff')).toBe('00ff')
  })
})

describe('other ways to write the same', () => {
  it.each([
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['0:0:0:0:0:ffff:102:304', '1.2.3.4'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('%s is %s', (written, text) => {
    const parsed = parseHost(written)
    expect(parsed && hostText(parsed)).toBe(text)
  })
})

test.each([
  '',
  'localhost',
  'seed.example.org',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '1.2.3.-4',
  '01.2.3.4',
  '1.2.3.4 ',
  '1..3.4',
  '1.2.3.0x4',
  '1.2.3.4%eth0',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '1:2:3:4::5:6:7:8',
  '12345::',
  'g::',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '[::1]',
  '1.2.3.4::',
  '::1.2.3',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::1.2.3.400',
  'fe80::1%',
  'fe80::1%eth0%eth1',
  'fe80::1%eth0\0.evil.example',
  'fe80::1%eth0\n',
  'fe80::1%25/',
])('"%s" is no address', text => {
  expect(parseHost(text)).toBeUndefined()
})

test('any address survives as text, and parseHost throws for no text at all', () => {
  fc.assert(
    fc.property(arbitraries.host, host => {
      expect(parseHost(hostText(host))).toEqual(host)
    }),
  )
  const nearly = fc.string({ unit: fc.constantFrom(...'0123456789abcdf.:%g'), maxLength: 45 })
  fc.assert(
    fc.property(nearly, text => {
      const parsed = parseHost(text)
      if (parsed) expect(parsed.address.length).toBe(parsed.networkId === NetworkId.ipv4 ? 4 : 16)
    }),
    { numRuns: 2_000 },
  )
})

describe('the 26 bytes inside version', () => {
  const fixtures: readonly [string, string, NetAddress][] = [
    [
      'IPv4, as ::ffff:0:0/96',
      '0904000000000000' + '00000000000000000000ffff0a000001' + '208d',
      { services: 0x409n, networkId: NetworkId.ipv4, address: Uint8Array.of(10, 0, 0, 1), port: 8333 },
    ],
    [
      'IPv6',
      '0100000000000080' + '20010db8000000000000000000000001' + 'ffff',
      {
        services: 0x8000000000000001n,
        networkId: NetworkId.ipv6,
        address: hexToBytes('20010db8000000000000000000000001'),
        port: 65_535,
      },
    ],
    ['the address that says nothing', '00'.repeat(26), unknownAddress],
  ]

  it.each(fixtures)('%s', (_, hex, value) => {
    const reader = new Reader(hexToBytes(hex))
    expect(netAddress.decode(reader)).toEqual(value)
    expect(reader.offset).toBe(26)
    expect(netAddress.read(hexToBytes(`ff${hex}`), 1)).toEqual(value)
    expect(bytesOf(netAddress, value)).toBe(hex)
  })

  it('the plain form has text', () => {
    expect(fixtures.map(([, , value]) => netAddress.plain(value, {}))).toEqual([
      { host: '10.0.0.1', port: 8333, services: '0x409' },
      { host: '2001:db8::1', port: 65_535, services: '0x8000000000000001' },
      { host: '::', port: 0, services: '0x0' },
    ])
  })

  it.each([
    ['IPv4 has 4 bytes', NetworkId.ipv4, 16],
    ['IPv6 has 16 bytes', NetworkId.ipv6, 4],
  ])('%s', (_, networkId, length) => {
    const value = { services: 0n, networkId, address: new Uint8Array(length), port: 1 }
    expect(wireErrorOf(() => bytesOf(netAddress, value)).code).toBe('bad-address')
  })

  it.each([
    ['Tor v3', NetworkId.torV3, 32],
    ['an unknown network', 99, 16],
  ])('of %s only the services are written', (_, networkId, length) => {
    const value = { services: 9n, networkId, address: new Uint8Array(length).fill(1), port: 1 }
    expect(bytesOf(netAddress, value)).toBe(`09${'00'.repeat(25)}`)
  })

  it.each([-1, 65_536, 1.5])('port %s does not fit', port => {
    expect(wireErrorOf(() => bytesOf(netAddress, { ...unknownAddress, port })).code).toBe('bad-value')
  })
})

describe('the entries of addr', () => {
  const value: TimedNetAddress = {
    time: 0x01020304,
    services: 1n,
    networkId: NetworkId.ipv4,
    address: Uint8Array.of(1, 2, 3, 4),
    port: 0x1234,
  }
  const old = '0100000000000000' + '00000000000000000000ffff01020304' + '1234'
  const hex = `04030201${old}`

  it.each([
    [31_402, hex, value],
    [31_401, old, { ...value, time: 0 }],
  ])('protocol version %i', (protocolVersion, bytes, decoded) => {
    const writer = new Writer({ protocolVersion })
    timedNetAddress.encode(writer, value)
    expect(bytesToHex(writer.finish())).toBe(bytes)
    expect(timedNetAddress.decode(new Reader(hexToBytes(bytes), { protocolVersion }))).toEqual(decoded)
  })

  it.each([
    ['Tor v3', NetworkId.torV3, 32],
    ['an unknown network', 99, 16],
    ['IPv4 in 16 bytes', NetworkId.ipv4, 16],
  ])('%s has no form here', (_, networkId, length) => {
    const entry = { ...value, networkId, address: new Uint8Array(length) }
    expect(wireErrorOf(() => timedNetAddress.encode(new Writer(), entry)).code).toBe('bad-address')
  })

  it('can be read at an offset', () => {
    expect(timedNetAddress.read(hexToBytes(`ffff${hex}`), 2)).toEqual(value)
    expect(timedNetAddress.plain(value, {})).toEqual({
      time: 0x01020304,
      host: '1.2.3.4',
      port: 0x1234,
      services: '0x1',
    })
  })
})
