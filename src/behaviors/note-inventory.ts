import type { Inventory } from '../wire/inventory.js'
import type { InvMessage } from '../wire/messages/inv.js'
import type { Message } from '../wire/messages.js'
import { blockTypes, transactionNames } from './announcement.js'
import type { Behavior } from './behavior.js'
import { watch } from './watch.js'

/** The last `limit` entries of an inv: those before would be forgotten again at once. Blocks are never kept back. */
function* announcedIn({ inventory }: InvMessage, limit: number): Generator<Inventory> {
  for (let i = Math.max(0, inventory.length - limit); i < inventory.length; i += 1) {
    const entry = inventory.at(i)
    if (entry !== undefined && !blockTypes.has(entry.type)) yield entry
  }
}

/** What a message shows to be known on the other side. */
function shown(message: Message, limit: number): Iterable<Inventory> {
  if (message.command === 'inv') return announcedIn(message, limit)
  return message.command === 'tx' ? transactionNames(message.transaction) : []
}

/**
 * Notes as known to the remote what it announces and sends, and what it was sent, so that it is not told again. Sends
 * nothing.
 */
export const noteInventory: Behavior = ({ messages$, sent$, known }) =>
  watch(
    message => {
      for (const entry of shown(message, known.limit)) known.add(entry)
    },
    messages$,
    sent$,
  )
