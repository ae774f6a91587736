import { type Inventory, inventory, inventoryList } from '../inventory.js'
import { MAX_INV } from '../limits.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'

/** Asks for blocks and transactions by their inventory entries. */
export interface GetDataMessage {
  readonly command: 'getdata'
  /** At most 50,000 entries (`MAX_INV_SZ`); Core asks for no more than 1,000 at once. */
  readonly inventory: List<Inventory>
}

export const getdata = messageType<GetDataMessage>({
  command: 'getdata',
  bips: [37, 144, 152, 339],
  shortId: 11,
  maxLength: 9 + MAX_INV * inventory.size,
  fields: { inventory: inventoryList },
  decode: reader => ({ command: 'getdata', inventory: inventoryList.decode(reader) }),
  encode: (writer, message) => inventoryList.encode(writer, message.inventory),
})
