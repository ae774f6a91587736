import { type InventoryVisitor, visitInventory } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import { blockTypes, transactionNames } from './announcement.js'
import type { Behavior } from './behavior.js'
import { habit } from './habit.js'
import { hearBoth } from './hear.js'

/**
 * Notes as known to the remote what it announces and sends, and what it was sent, so that it is not told again. Sends
 * nothing.
 */
export const noteInventory: Behavior = habit(({ messages$, sent$, known }, voice) => {
  // Blocks are never kept back.
  const add: InventoryVisitor = (type, bytes, offset) => {
    if (!blockTypes.has(type)) known.addAt(type, bytes, offset)
  }
  const look = (message: Message): void => {
    if (message.command === 'inv') {
      const { inventory } = message
      // Those before the last `limit` entries would be forgotten again at once.
      visitInventory(inventory, Math.max(0, inventory.length - known.limit), add)
    } else if (message.command === 'tx') {
      for (const entry of transactionNames(message.transaction)) known.add(entry)
    }
  }
  return hearBoth(messages$, sent$, look, voice)
})
