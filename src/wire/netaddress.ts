import type { FixedCodec, Plain } from './codec.js'
import { Reader, type Writer } from './cursor.js'
import { addressSizes, fromIp16, type Host, hostText, ipv4Mapped, NetworkId } from './host.js'
import { protocolVersions } from './versions.js'

export { hostText, NetworkId, parseHost } from './host.js'

/** Where a node can be reached and what it offers. */
export interface NetAddress extends Host {
  /** Service bits, as the announcer believes; see `Services`. */
  readonly services: bigint
  /** TCP port, big-endian on the wire; 0 in networks without ports. */
  readonly port: number
}

/** A {@link NetAddress} as gossip carries it. */
export interface TimedNetAddress extends NetAddress {
  /** When the node was last seen, seconds since 1970; 0 below protocol version 31402. */
  readonly time: number
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
  const { networkId, address } = fromIp16(reader.take(16))
  return { services, networkId, address, port: reader.u16be() }
}

function decodeTimed(reader: Reader, time: number): TimedNetAddress {
  const { services, networkId, address, port } = decodeAddress(reader)
  return { time, services, networkId, address, port }
}

/** Whether the networks of `version` and `addr` include this one; the others exist only in addrv2. */
const isIp = (networkId: number): boolean => networkId === NetworkId.ipv4 || networkId === NetworkId.ipv6

function encodeAddress(writer: Writer, { services, networkId, address, port }: NetAddress): void {
  if (!isIp(networkId) || address.length !== addressSizes.get(networkId)) {
    throw writer.fault(
      'bad-address',
      `an address of network ${networkId} and ${address.length} bytes has no form here`,
    )
  }
  writer.u64(services)
  if (networkId === NetworkId.ipv4) writer.raw(ipv4Mapped)
  writer.raw(address)
  writer.u16be(port)
}

/** An address in plain form. */
export function plainAddress(value: NetAddress): { [key: string]: Plain } {
  return { host: hostText(value), port: value.port, services: `0x${value.services.toString(16)}` }
}

/** An address with its time in plain form. */
export function plainTimedAddress(value: TimedNetAddress): { [key: string]: Plain } {
  return { time: value.time, ...plainAddress(value) }
}

/**
 * The form inside `version`: `u64 services · bytes(16) ip · u16be port`. Of an address that is neither IPv4 nor IPv6
 * only the services are written, as Core does: a node reached through Tor or I2P is told nothing of its address.
 */
export const netAddress: FixedCodec<NetAddress> = {
  minSize: 26,
  size: 26,
  decode: decodeAddress,
  read: (bytes, offset) => decodeAddress(new Reader(bytes, {}, offset, offset + 26)),
  encode: (writer, value) =>
    encodeAddress(writer, isIp(value.networkId) ? value : { ...unknownAddress, services: value.services }),
  plain: plainAddress,
}

/** The form inside `addr`: the same behind a `u32` time, which is left out below protocol version 31402. */
export const timedNetAddress: FixedCodec<TimedNetAddress> = {
  minSize: 26,
  size: 30,
  decode: reader => {
    const time = reader.protocolVersion >= protocolVersions.addressTime ? reader.u32() : 0
    return decodeTimed(reader, time)
  },
  read: (bytes, offset) => {
    const reader = new Reader(bytes, {}, offset, offset + 30)
    return decodeTimed(reader, reader.u32())
  },
  encode: (writer, value) => {
    if (writer.protocolVersion >= protocolVersions.addressTime) writer.u32(value.time)
    encodeAddress(writer, value)
  },
  plain: plainTimedAddress,
}
