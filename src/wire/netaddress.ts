import type { FixedCodec } from './codec.js'
import { Reader, type Writer } from './cursor.js'
import { protocolVersions } from './versions.js'

/** The networks an address can belong to, by their BIP155 id. */
export const NetworkId = {
  ipv4: 1,
  ipv6: 2,
  torV2: 3,
  torV3: 4,
  i2p: 5,
  cjdns: 6,
  yggdrasil: 7,
} as const

/** Where a node can be reached and what it offers. */
export interface NetAddress {
  /** Service bits, as the announcer believes; see `Services`. */
  readonly services: bigint
  /** One of {@link NetworkId}, or any other number a remote sends. */
  readonly networkId: number
  /** The address in the form of its network: 4 bytes for IPv4, 16 for IPv6, 32 for Tor v3 … */
  readonly address: Uint8Array
  readonly port: number
}

/** A {@link NetAddress} as gossip carries it. */
export interface TimedNetAddress extends NetAddress {
  /** When the node was last seen, seconds since 1970; 0 below protocol version 31402. */
  readonly time: number
}

/** ::ffff:0:0/96, the IPv6 form of IPv4 addresses. */
const ipv4Mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)

const ipv4Text = (bytes: Uint8Array): string => bytes.join('.')

function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0))
  // RFC 5952: the first longest run of two or more zero groups becomes "::".
  let best = { start: 0, length: 1 }
  for (let start = 0; start < 8; start += 1) {
    let length = 0
    while (groups[start + length] === 0) length += 1
    if (length > best.length) best = { start, length }
  }
  const hex = (part: number[]) => part.map(group => group.toString(16)).join(':')
  if (best.length === 1) return hex(groups)
  return `${hex(groups.slice(0, best.start))}::${hex(groups.slice(best.start + best.length))}`
}

/** The host of an IPv4 or IPv6 address as text, the address in hex for other networks. */
export function hostText({ networkId, address }: NetAddress): string {
  if (networkId === NetworkId.ipv4) return ipv4Text(address)
  if (networkId === NetworkId.ipv6) return ipv6Text(address)
  return Array.from(address, byte => byte.toString(16).padStart(2, '0')).join('')
}

function parseIpv4(host: string): Uint8Array | undefined {
  const parts = host.split('.')
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined
  }
  return Uint8Array.from(parts, Number)
}

function parseIpv6(host: string): Uint8Array | undefined {
  const [bare = ''] = host.split('%')
  const lastColon = bare.lastIndexOf(':')
  const embedded = parseIpv4(bare.slice(lastColon + 1))
  const hexOnly = embedded
    ? `${bare.slice(0, lastColon + 1)}${((embedded[0]! << 8) | embedded[1]!).toString(16)}:${((embedded[2]! << 8) | embedded[3]!).toString(16)}`
    : bare
  const halves = hexOnly.split('::')
  if (halves.length > 2) return undefined
  const [head = [], tail = []] = halves.map(half => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill('0'), ...tail]
  if (!groups.every(group => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return Uint8Array.from(
    groups.flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  )
}

/**
 * The network and bytes of a host given as an IPv4 or IPv6 address, IPv4-mapped ones as IPv4.
 * `undefined` for anything else: names are not looked up.
 */
export function parseHost(host: string): Pick<NetAddress, 'networkId' | 'address'> | undefined {
  const ipv4 = parseIpv4(host)
  if (ipv4) return { networkId: NetworkId.ipv4, address: ipv4 }
  const ipv6 = parseIpv6(host)
  return ipv6 && fromIp16(ipv6)
}

function fromIp16(ip: Uint8Array): Pick<NetAddress, 'networkId' | 'address'> {
  return ipv4Mapped.every((byte, i) => ip[i] === byte)
    ? { networkId: NetworkId.ipv4, address: ip.subarray(12) }
    : { networkId: NetworkId.ipv6, address: ip }
}

/** The all-zero address, which says "not told". */
export const unknownAddress: NetAddress = {
  services: 0n,
  networkId: NetworkId.ipv6,
  address: new Uint8Array(16),
  port: 0,
}

function decodeAddress(reader: Reader): NetAddress {
  const services = reader.u64()
  const host = fromIp16(reader.take(16))
  return { services, ...host, port: reader.u16be() }
}

function encodeAddress(writer: Writer, { services, networkId, address, port }: NetAddress): void {
  const size = networkId === NetworkId.ipv4 ? 4 : networkId === NetworkId.ipv6 ? 16 : undefined
  if (address.length !== size) {
    throw writer.fault(
      'bad-value',
      `an address of network ${networkId} and ${address.length} bytes has no form here`,
    )
  }
  writer.u64(services)
  if (size === 4) writer.raw(ipv4Mapped)
  writer.raw(address)
  writer.u16be(port)
}

function plainAddress(value: NetAddress) {
  return { host: hostText(value), port: value.port, services: `0x${value.services.toString(16)}` }
}

/** The form inside `version`: `u64 services · bytes(16) ip · u16be port`. */
export const netAddress: FixedCodec<NetAddress> = {
  minSize: 26,
  size: 26,
  decode: decodeAddress,
  read: (bytes, offset) => decodeAddress(new Reader(bytes.subarray(offset, offset + 26))),
  encode: encodeAddress,
  plain: plainAddress,
}

/** The form inside `addr`: the same behind a `u32` time, which is left out below protocol version 31402. */
export const timedNetAddress: FixedCodec<TimedNetAddress> = {
  minSize: 26,
  size: 30,
  decode: reader => {
    const time = reader.protocolVersion >= protocolVersions.addressTime ? reader.u32() : 0
    return { time, ...decodeAddress(reader) }
  },
  read: (bytes, offset) => {
    const reader = new Reader(bytes.subarray(offset, offset + 30))
    return { time: reader.u32(), ...decodeAddress(reader) }
  },
  encode: (writer, value) => {
    if (writer.protocolVersion >= protocolVersions.addressTime) writer.u32(value.time)
    encodeAddress(writer, value)
  },
  plain: value => ({ time: value.time, ...plainAddress(value) }),
}
