import type { Peer } from '../peer/peer.js'
import { withWitness } from '../requests/inventory-answers.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import { MAX_ANNOUNCED_HEADERS } from '../wire/limits.js'
import type { Message } from '../wire/messages.js'

/** What a message announces. */
function announced(message: Message): Inventory[] {
  if (message.command === 'inv') return [...message.inventory]
  if (message.command !== 'headers' || message.headers.length > MAX_ANNOUNCED_HEADERS) return []
  return Array.from(message.headers, ({ hash }) => ({ type: InventoryType.block, hash }))
}

/** Asks for the blocks and transactions that a message announces, with witness where the remote has them. */
export function fetchAnnounced(peer: Peer, message: Message): void {
  const inventory = announced(message).flatMap(({ type, hash }): Inventory[] => {
    if (type === InventoryType.wtx) return [{ type, hash }]
    const known = type === InventoryType.tx || type === InventoryType.block
    return known ? [{ type: withWitness(peer, type), hash }] : []
  })
  if (inventory.length > 0) peer.send({ command: 'getdata', inventory })
}
