import { list } from '../codec.js'
import { MAX_ADDR } from '../limits.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'
import type { TimedNetAddress } from '../netaddress.js'
import { MAX_ADDRV2_SIZE, netAddressV2 } from '../netaddressv2.js'

/** Addresses of nodes on any network, for whoever sent sendaddrv2 (BIP155). */
export interface AddrV2Message {
  readonly command: 'addrv2'
  /** At most 1000 (`MAX_ADDR_TO_SEND`); those of unknown networks too, see `isUsableAddress`. */
  readonly addresses: List<TimedNetAddress>
}

export const addrv2 = messageType<AddrV2Message>({
  command: 'addrv2',
  bips: [155],
  shortId: 28,
  // Time, services, network, address with its size, port (btcd: 531,003).
  maxLength: 3 + MAX_ADDR * (4 + 9 + 1 + 3 + MAX_ADDRV2_SIZE + 2),
  fields: { addresses: list(netAddressV2, MAX_ADDR) },
})
