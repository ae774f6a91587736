import type { Peer } from '../peer/peer.js'
import { type Inventory, InventoryType, WITNESS_FLAG } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'

/** Most headers in an announcement (BIP130, Core `MAX_BLOCKS_TO_ANNOUNCE`); more of them answer a getheaders. */
const MAX_ANNOUNCED = 8

/** What a message announces. */
function announced(message: Message): Inventory[] {
  if (message.command === 'inv') return [...message.inventory]
  if (message.command !== 'headers' || message.headers.length > MAX_ANNOUNCED) return []
  return Array.from(message.headers, ({ hash }) => ({ type: InventoryType.block, hash }))
}

/** Asks for the blocks and transactions that a message announces, with witness where the remote has them. */
export function fetchAnnounced(peer: Peer, message: Message): void {
  const flag = hasServices(peer.version.services, Services.witness) ? WITNESS_FLAG : 0
  const inventory = announced(message).flatMap(({ type, hash }): Inventory[] => {
    if (type === InventoryType.wtx) return [{ type, hash }]
    const known = type === InventoryType.tx || type === InventoryType.block
    return known ? [{ type: type + flag, hash }] : []
  })
  if (inventory.length > 0) peer.send({ command: 'getdata', inventory })
}
