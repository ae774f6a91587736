import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesToHex, hexToBytes } from '../../src/wire/hex.js'
import { hostText, NetworkId, parseHost } from '../../src/wire/host.js'
import { isRoutable, isUsableAddress } from '../../src/wire/usable-address.js'
import * as arbitraries from '../support/arbitraries.js'

describe('addresses worth keeping', () => {
  it.each<[boolean, string, number, string]>([
    [true, 'IPv4', NetworkId.ipv4, '01020304'],
    [true, 'IPv4 loopback', NetworkId.ipv4, '7f000001'],
    [false, 'IPv4 of nobody', NetworkId.ipv4, '00000000'],
    [false, 'IPv4 broadcast', NetworkId.ipv4, 'ffffffff'],
    [false, 'IPv4 of 5 bytes', NetworkId.ipv4, '0102030405'],
    [true, 'IPv6', NetworkId.ipv6, '2a01000000000000000000000000000a'],
    [true, 'IPv6 loopback', NetworkId.ipv6, '00000000000000000000000000000001'],
    [false, 'IPv6 of examples', NetworkId.ipv6, '20010db8000000000000000000000001'],
    [false, 'the last IPv6 of examples', NetworkId.ipv6, '20010db8ffffffffffffffffffffffff'],
    [true, 'the prefix before them', NetworkId.ipv6, '20010db7ffffffffffffffffffffffff'],
    [true, 'the prefix after them', NetworkId.ipv6, '20010db9000000000000000000000000'],
    [true, 'IPv6 of 0xff only', NetworkId.ipv6, 'ff'.repeat(16)],
    [false, 'IPv6 of nobody', NetworkId.ipv6, '00'.repeat(16)],
    [false, 'IPv4-mapped', NetworkId.ipv6, '00000000000000000000ffff01020304'],
    [false, 'OnionCat', NetworkId.ipv6, 'fd87d87eeb430102030405060708090a'],
    [true, 'the prefix after OnionCat', NetworkId.ipv6, 'fd87d87eeb440102030405060708090a'],
    [false, "Core's internal range", NetworkId.ipv6, 'fd6b88c08724ca978112ca1bbdcafac2'],
    [true, 'the prefix after it', NetworkId.ipv6, 'fd6b88c08725ca978112ca1bbdcafac2'],
    [false, 'Tor v2', NetworkId.torV2, 'f1f2f3f4f5f6f7f8f9fa'],
    [true, 'Tor v3', NetworkId.torV3, '00'.repeat(32)],
    [true, 'I2P', NetworkId.i2p, 'ff'.repeat(32)],
    [true, 'CJDNS', NetworkId.cjdns, 'fc000001000200030004000500060007'],
    [false, 'CJDNS outside fc00::/8', NetworkId.cjdns, 'aa000001000200030004000500060007'],
    [false, 'Yggdrasil', NetworkId.yggdrasil, '02000000000000000000000000000001'],
    [false, 'an unknown network', 0xaa, '01020304'],
    [false, 'an unknown network without an address', 0xaa, ''],
  ])('%s: %s', (usable, _, networkId, hex) => {
    expect(isUsableAddress({ networkId, address: hexToBytes(hex) })).toBe(usable)
  })
})

describe('addresses that can be reached from anywhere', () => {
  /** The address so many behind another. */
  function behind(address: Uint8Array, distance: bigint): Uint8Array {
    const next = BigInt(`0x${bytesToHex(address)}`) + distance
    return hexToBytes(next.toString(16).padStart(2 * address.length, '0'))
  }

  // Core's own list, each range by its first and last address.
  it.each([
    ['RFC 1122', '0.0.0.0', '0.255.255.255'],
    ['RFC 1918', '10.0.0.0', '10.255.255.255'],
    ['RFC 1918', '172.16.0.0', '172.31.255.255'],
    ['RFC 1918', '192.168.0.0', '192.168.255.255'],
    ['RFC 2544', '198.18.0.0', '198.19.255.255'],
    ['RFC 3927', '169.254.0.0', '169.254.255.255'],
    ['RFC 5737', '192.0.2.0', '192.0.2.255'],
    ['RFC 5737', '198.51.100.0', '198.51.100.255'],
    ['RFC 5737', '203.0.113.0', '203.0.113.255'],
    ['RFC 6598', '100.64.0.0', '100.127.255.255'],
    ['loopback', '127.0.0.0', '127.255.255.255'],
    ['RFC 3849', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['RFC 4193', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    // The two ranges of host names are neighbours.
    ['RFC 4843 and 7343', '2001:10::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['RFC 4862', 'fe80::', 'fe80::ffff:ffff:ffff:ffff'],
    ['nobody and loopback', '::', '::1'],
  ])('not %s: %s to %s, but those on either side', (_, from, to) => {
    const [first, last] = [from, to].map(text => parseHost(text)!.address)
    const networkId = first!.length === 4 ? NetworkId.ipv4 : NetworkId.ipv6
    for (const inside of [first!, last!, behind(first!, 1n), behind(last!, -1n)]) {
      expect(isRoutable({ networkId, address: inside }), bytesToHex(inside)).toBe(false)
    }
    expect(isRoutable({ networkId, address: behind(last!, 1n) })).toBe(true)
    if (first!.some(byte => byte !== 0)) {
      expect(isRoutable({ networkId, address: behind(first!, -1n) })).toBe(true)
    }
  })

  it.each([
    ['8.8.8.8', true],
    ['1.2.3.4', true],
    ['255.255.255.255', false],
    ['2001::1', true],
    ['2002::1', true],
    ['64:ff9b::1', true],
    ['fcff:ffff::1', true],
    ['pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion', true],
    ['ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p', true],
    ['::ffff:10.0.0.1', false],
  ])('%s: %s', (text, routable) => {
    expect(isRoutable(parseHost(text)!)).toBe(routable)
  })

  it('what is not usable is not routable', () => {
    const any = fc.record({ networkId: arbitraries.u8, address: fc.uint8Array({ maxLength: 40 }) })
    fc.assert(
      fc.property(fc.oneof(any, arbitraries.host), host => {
        if (isRoutable(host)) expect(isUsableAddress(host), hostText(host)).toBe(true)
      }),
    )
  })
})
