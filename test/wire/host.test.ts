import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { hexToBytes } from '../../src/wire/hex.js'
import { addressSizes, hostText, NetworkId, parseHost } from '../../src/wire/host.js'
import { isUsableAddress } from '../../src/wire/usable-address.js'
import * as arbitraries from '../support/arbitraries.js'

// The names are those of BIP155's own examples and of Core's net tests.
const onion = 'pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion'
const names: readonly [text: string, networkId: number, hex: string][] = [
  [onion, NetworkId.torV3, '79bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f'],
  [
    'kpgvmscirrdqpekbqjsvw5teanhatztpp2gl6eee4zkowvwfxwenqaid.onion',
    NetworkId.torV3,
    '53cd5648488c4707914182655b7664034e09e66f7e8cbf1084e654eb56c5bd88',
  ],
  [
    'ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p',
    NetworkId.i2p,
    'a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87',
  ],
  ['fc00:1:2:3:4:5:6:7', NetworkId.cjdns, 'fc000001000200030004000500060007'],
  ['fcff:ffff::1', NetworkId.cjdns, 'fcffffff000000000000000000000001'],
  ['fd00::1', NetworkId.ipv6, 'fd000000000000000000000000000001'],
]

it.each(names)('%s', (text, networkId, hex) => {
  const host = { networkId, address: hexToBytes(hex) }
  expect(hostText(host)).toBe(text)
  expect(parseHost(text)).toEqual(host)
  expect(parseHost(text.toUpperCase())).toEqual(host)
})

describe('only text, as no one should connect there', () => {
  it.each([
    [NetworkId.torV2, 'f1f2f3f4f5f6f7f8f9fa', '6hzph5hv6337r6p2.onion'],
    [NetworkId.yggdrasil, '02000000000000000000000000000001', '200::1'],
    [200, '00ff', '00ff'],
    [NetworkId.torV3, '0102', '0102'],
    [NetworkId.ipv4, '', ''],
  ])('network %i, %s', (networkId, hex, text) => {
    expect(hostText({ networkId, address: hexToBytes(hex) })).toBe(text)
  })

  it('a Tor v2 name is not parsed', () => {
    expect(parseHost('6hzph5hv6337r6p2.onion')).toBeUndefined()
  })
})

describe('names that are no addresses', () => {
  it.each([
    ['a wrong character in the key', onion.replace('pg6', 'pg7')],
    ['a wrong checksum', onion.replace('scryd', 'sdryd')],
    // The last letter holds five bits of the version byte: "e" is version 4.
    ['another version', onion.replace('scryd', 'scrye')],
    ['too short', onion.slice(1)],
    ['too long', `a${onion}`],
    ['a subdomain', `www.${onion}`],
    ['a dot at the end', `${onion}.`],
    ['I2P with stray bits', 'ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdr.b32.i2p'],
    ['I2P too short', 'ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkd.b32.i2p'],
    ['an I2P name that must be looked up', 'example.i2p'],
    ['a line break', `${onion}\n`],
  ])('%s', (_, text) => {
    expect(parseHost(text)).toBeUndefined()
  })
})

test('every onion, I2P and CJDNS address survives as text, and any change of an onion letter is noticed', () => {
  const hosts = fc.constantFrom(NetworkId.torV3, NetworkId.i2p, NetworkId.cjdns).chain(networkId =>
    fc.record({
      networkId: fc.constant<number>(networkId),
      address: fc
        .uint8Array({ minLength: addressSizes.get(networkId)!, maxLength: addressSizes.get(networkId)! })
        .map(bytes => (networkId === NetworkId.cjdns ? bytes.fill(0xfc, 0, 1) : bytes)),
    }),
  )
  fc.assert(
    fc.property(hosts, host => {
      expect(parseHost(hostText(host))).toEqual(host)
      expect(isUsableAddress(host)).toBe(true)
    }),
  )
  for (let at = 0; at < 56; at += 1) {
    const letter = onion[at] === 'a' ? 'b' : 'a'
    expect(parseHost(onion.slice(0, at) + letter + onion.slice(at + 1)), `letter ${at}`).toBeUndefined()
  }
})

test('hostText takes whatever a remote sends', () => {
  const any = fc.record({ networkId: arbitraries.u8, address: fc.uint8Array({ maxLength: 40 }) })
  fc.assert(
    fc.property(any, host => {
      expect(hostText(host)).toMatch(/^[0-9a-z.:]*$/)
    }),
  )
})

/** What an IPv4 address is, as one expression a part. */
function ipv4ByParts(text: string): readonly number[] | undefined {
  const parts = text.split('.')
  const sound =
    parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  return sound ? parts.map(Number) : undefined
}

test('an IPv4 address is read as it is by its parts, whatever is like one', () => {
  const part = fc.oneof(
    fc.integer({ min: 0, max: 260 }).map(String),
    fc.constantFrom('', '0', '00', '01', '255', '256', '1e1', '٣', '-1', '+1', ' 1', '1\0', '0x1', '９'),
  )
  const text = fc.oneof(
    { weight: 3, arbitrary: fc.array(part, { minLength: 4, maxLength: 4 }) },
    fc.array(part, { maxLength: 6 }),
  )
  fc.assert(
    fc.property(text, parts => {
      const host = parseHost(parts.join('.'))
      const read = host?.networkId === NetworkId.ipv4 ? [...host.address] : undefined
      expect(read).toEqual(ipv4ByParts(parts.join('.')))
    }),
    { numRuns: 2_000 },
  )
})
