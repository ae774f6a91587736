import { type Inventory, inventory, inventoryList } from '../inventory.js'
import { MAX_INV } from '../limits.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'

/** Announces blocks and transactions. */
export interface InvMessage {
  readonly command: 'inv'
  /** At most 50,000 entries (`MAX_INV_SZ`). */
  readonly inventory: List<Inventory>
}

export const inv = messageType<InvMessage>({
  command: 'inv',
  bips: [144, 339],
  shortId: 14,
  maxLength: 9 + MAX_INV * inventory.size,
  fields: { inventory: inventoryList },
  decode: reader => ({ command: 'inv', inventory: inventoryList.decode(reader) }),
  encode: (writer, message) => inventoryList.encode(writer, message.inventory),
})
