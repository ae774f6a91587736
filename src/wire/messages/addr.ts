import { type Codec, list, view } from '../codec.js'
import { MAX_ADDR } from '../limits.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'
import { type TimedNetAddress, timedNetAddress } from '../netaddress.js'
import { protocolVersions } from '../versions.js'

/** Addresses of nodes, IPv4 and IPv6 only. */
export interface AddrMessage {
  readonly command: 'addr'
  /** At most 1000 (`MAX_ADDR_TO_SEND`), at most one below protocol version 209. */
  readonly addresses: List<TimedNetAddress>
}

const limitAt = (protocolVersion: number) =>
  protocolVersion < protocolVersions.multipleAddress ? 1 : MAX_ADDR
const timed = view(timedNetAddress, MAX_ADDR)

/** Old versions leave the time out, so only new ones have entries of one known size. */
const addresses: Codec<List<TimedNetAddress>> = {
  ...timed,
  decode: reader =>
    reader.protocolVersion >= protocolVersions.addressTime
      ? timed.decode(reader)
      : list(timedNetAddress, limitAt(reader.protocolVersion)).decode(reader),
  encode: (writer, value) => list(timedNetAddress, limitAt(writer.protocolVersion)).encode(writer, value),
}

export const addr = messageType<AddrMessage>({
  command: 'addr',
  shortId: 1,
  maxLength: protocolVersion =>
    protocolVersion < protocolVersions.multipleAddress ? 9 + 26 : 9 + MAX_ADDR * timedNetAddress.size,
  fields: { addresses },
})
