import { bool, type Codec, i32, i64, struct, u64, varText } from '../codec.js'
import type { Reader } from '../cursor.js'
import { MAX_USER_AGENT } from '../limits.js'
import { messageType } from '../message-type.js'
import { type NetAddress, netAddress, unknownAddress } from '../netaddress.js'
import { protocolVersions } from '../versions.js'

/** The first message of either side: who it is and what it can do (BIP14, BIP37). */
export interface VersionMessage {
  readonly command: 'version'
  /** Highest protocol version that the sender speaks. */
  readonly protocolVersion: number
  /** What the sender offers, see `Services`. */
  readonly services: bigint
  /** The sender's clock, seconds since 1970. */
  readonly timestamp: bigint
  /** The receiver as the sender sees it. */
  readonly receiver: NetAddress
  /** The sender's own address; today all zero. */
  readonly sender: NetAddress
  /** Random; a node that meets its own nonce talks to itself. 1 where it was left out. */
  readonly nonce: bigint
  /** `/name:version(comment; comment)/`, at most 256 bytes, one character a byte (BIP14). */
  readonly userAgent: string
  /** Height of the sender's best block, -1 where it was left out; any signed 32 bits may come. */
  readonly startHeight: number
  /** Whether the sender wants transactions announced without a filter (BIP37). */
  readonly relay: boolean
}

type Fields = Omit<VersionMessage, 'command'>

const userAgent = varText(MAX_USER_AGENT)

/** The message lives as long as its peer does, so it must not hold the chunk that it came in. */
const ownedAddress: Codec<NetAddress> = {
  ...netAddress,
  decode: reader => {
    const value = netAddress.decode(reader)
    return { ...value, address: value.address.slice() }
  },
}

/** Core reads the two as one: where the address is, the nonce must be. */
const origin: Codec<Pick<Fields, 'sender' | 'nonce'>> = struct({ sender: ownedAddress, nonce: u64 })
/** What Core takes for them where they are not there. */
const noOrigin = { sender: unknownAddress, nonce: 1n }

/** A field that may be missing together with all that follow: old versions end early. */
function optional<T>(reader: Reader, codec: Codec<T>, absent: T): T {
  return reader.remaining > 0 ? codec.decode(reader) : absent
}

const fields: Codec<Fields> = {
  minSize: 46,
  decode: reader => ({
    protocolVersion: i32.decode(reader),
    services: u64.decode(reader),
    timestamp: i64.decode(reader),
    receiver: ownedAddress.decode(reader),
    ...optional(reader, origin, noOrigin),
    userAgent: optional(reader, userAgent, ''),
    startHeight: optional(reader, i32, -1),
    relay: optional(reader, bool, true),
  }),
  encode: (writer, value) => {
    i32.encode(writer, value.protocolVersion)
    u64.encode(writer, value.services)
    i64.encode(writer, value.timestamp)
    netAddress.encode(writer, value.receiver)
    origin.encode(writer, value)
    userAgent.encode(writer, value.userAgent)
    i32.encode(writer, value.startHeight)
    if (writer.protocolVersion >= protocolVersions.bip37) bool.encode(writer, value.relay)
  },
  plain: (value, limits) => ({
    protocolVersion: value.protocolVersion,
    services: `0x${value.services.toString(16)}`,
    timestamp: value.timestamp.toString(),
    receiver: netAddress.plain(value.receiver, limits),
    sender: netAddress.plain(value.sender, limits),
    nonce: value.nonce.toString(),
    userAgent: value.userAgent,
    startHeight: value.startHeight,
    relay: value.relay,
  }),
}

export const version = messageType<VersionMessage>({
  command: 'version',
  bips: [14, 37],
  direction: 'handshake',
  // 4+8+8 + two addresses + nonce + user agent with its size + height + relay (btcd: 358 with a 9-byte size).
  maxLength: 20 + 2 * 26 + 8 + 9 + MAX_USER_AGENT + 4 + 1 + 8,
  fields,
})
