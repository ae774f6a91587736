import { addressSizes, type Host, ipv4Mapped, NetworkId, parseHost, startsWith } from './host.js'

/** Addresses that begin with the same bits. */
interface Range {
  readonly address: Uint8Array
  readonly bits: number
}

/** Reads the usual form, such as `10.0.0.0/8`. */
function range(text: string): Range {
  const [host = '', bits] = text.split('/')
  const address = parseHost(host)?.address
  if (address === undefined) throw new TypeError(`"${text}" is no range of addresses`)
  return { address, bits: Number(bits) }
}

/** Whether an address is in one of some ranges. They are read at the first question: many programs never ask. */
function among(ranges: readonly string[]): (address: Uint8Array) => boolean {
  let read: readonly Range[] | undefined
  return address => {
    read ??= ranges.map(range)
    return read.some(each => isIn(address, each))
  }
}

/** Whether an address is in a range; those of the other IP version are in none. */
function isIn(address: Uint8Array, { address: first, bits }: Range): boolean {
  if (address.length !== first.length) return false
  const whole = bits >>> 3
  const shift = 8 - (bits & 7)
  return (
    first.subarray(0, whole).every((byte, i) => address[i] === byte) &&
    (shift === 8 || address[whole]! >>> shift === first[whole]! >>> shift)
  )
}

/** IPv6 addresses that nobody has: they stand for something else, or for nothing (Core `CNetAddr::IsValid`). */
const isNobodys = among([
  '2001:db8::/32', // examples in texts, RFC 3849
  'fd6b:88c0:8724::/48', // names in Core's own tables; never seen on a wire by right
  'fd87:d87e:eb43::/48', // OnionCat, the IPv6 form of Tor v2 names
])

/** Addresses that cannot be reached over the Internet (Core `CNetAddr::IsRoutable`). */
const isUnroutable = among([
  '0.0.0.0/8', // this host, RFC 1122
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // behind a carrier's translator, RFC 6598
  '127.0.0.0/8', // loopback, RFC 1122
  '169.254.0.0/16', // the same link, RFC 3927
  '172.16.0.0/12', // private, RFC 1918
  '192.0.2.0/24', // examples in texts, RFC 5737
  '192.168.0.0/16', // private, RFC 1918
  '198.18.0.0/15', // measurements, RFC 2544
  '198.51.100.0/24', // examples in texts, RFC 5737
  '203.0.113.0/24', // examples in texts, RFC 5737
  '::1/128', // loopback, RFC 4291
  '2001:10::/28', // names of hosts, RFC 4843
  '2001:20::/28', // names of hosts, RFC 7343
  'fc00::/7', // private, RFC 4193; CJDNS is a network of its own
  'fe80::/64', // the same link, RFC 4862
])

const isAll = (address: Uint8Array, value: number): boolean => address.every(byte => byte === value)

const usable = new Map<number, (address: Uint8Array) => boolean>([
  [NetworkId.ipv4, address => !isAll(address, 0) && !isAll(address, 0xff)],
  [NetworkId.ipv6, address => !isAll(address, 0) && !startsWith(address, ipv4Mapped) && !isNobodys(address)],
  [NetworkId.torV3, () => true],
  [NetworkId.i2p, () => true],
  [NetworkId.cjdns, address => address[0] === 0xfc],
])

/**
 * Whether an address from gossip is worth keeping, after BIP155 and Core: false for networks that Core does not know
 * (Yggdrasil and Tor v2 too), for CJDNS outside fc00::/8, for IPv6 that stands for something else (IPv4-mapped,
 * OnionCat, Core's internal range, the examples of RFC 3849) and for the addresses of nobody. Says nothing of whether it
 * can be reached: loopback and private ones are usable; see {@link isRoutable}.
 */
export function isUsableAddress({ networkId, address }: Host): boolean {
  return addressSizes.get(networkId) === address.length && (usable.get(networkId)?.(address) ?? false)
}

/**
 * Whether an address can be reached from anywhere, as Core's `IsRoutable` holds: usable, and not loopback, private, of
 * one link, of examples or measurements. What is not so is to be told to nobody else.
 */
export function isRoutable(host: Host): boolean {
  const { networkId, address } = host
  const isIp = networkId === NetworkId.ipv4 || networkId === NetworkId.ipv6
  return isUsableAddress(host) && !(isIp && isUnroutable(address))
}
