import type { Codec } from './codec.js'
import { addressSizes, NetworkId } from './host.js'
import { plainTimedAddress, type TimedNetAddress } from './netaddress.js'

/** Longest address of any network, bytes (BIP155; Core `MAX_ADDRV2_SIZE`). */
export const MAX_ADDRV2_SIZE = 512

/** Networks whose addresses must have their length; a wrong one spoils the whole message (BIP155). */
const strict: ReadonlySet<number> = new Set([
  NetworkId.ipv4,
  NetworkId.ipv6,
  NetworkId.torV3,
  NetworkId.i2p,
  NetworkId.cjdns,
])

/** What is wrong with the length of an address, if anything. */
function lengthFault(networkId: number, length: number): string | undefined {
  const size = addressSizes.get(networkId)
  return strict.has(networkId) && length !== size
    ? `an address of network ${networkId} has ${size} bytes, not ${length}`
    : undefined
}

/**
 * The form inside `addrv2` (BIP155): `u32 time · CompactSize services · u8 networkId · varbytes address · u16be port`.
 * Addresses of other networks, Tor v2 and Yggdrasil among them, are kept as they came; see `isUsableAddress`.
 */
export const netAddressV2: Codec<TimedNetAddress> = {
  minSize: 9,
  decode: reader => {
    const time = reader.u32()
    const services = reader.compactSize64()
    const networkId = reader.u8()
    const start = reader.offset
    const address = reader.varBytes(MAX_ADDRV2_SIZE)
    const fault = lengthFault(networkId, address.length)
    if (fault !== undefined) throw reader.fault('bad-address', fault, start)
    return { time, services, networkId, address, port: reader.u16be() }
  },
  encode: (writer, { time, services, networkId, address, port }) => {
    const fault = lengthFault(networkId, address.length)
    if (fault !== undefined) throw writer.fault('bad-address', fault)
    writer.u32(time)
    writer.compactSize64(services)
    writer.u8(networkId)
    writer.varBytes(address, MAX_ADDRV2_SIZE)
    writer.u16be(port)
  },
  plain: value => ({ ...plainTimedAddress(value), networkId: value.networkId }),
}
