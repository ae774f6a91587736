import { type Inventory, inventory, inventoryList } from '../inventory.js'
import { MAX_INV } from '../limits.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Answers getdata: these entries are not to be had here. */
export interface NotFoundMessage {
  readonly command: 'notfound'
  /** At most 50,000 entries (`MAX_INV_SZ`). */
  readonly inventory: List<Inventory>
}

export const notfound = messageType<NotFoundMessage>({
  command: 'notfound',
  bips: [37],
  minVersion: protocolVersions.bip37,
  shortId: 17,
  maxLength: 9 + MAX_INV * inventory.size,
  fields: { inventory: inventoryList },
  decode: reader => ({ command: 'notfound', inventory: inventoryList.decode(reader) }),
  encode: (writer, message) => inventoryList.encode(writer, message.inventory),
})
