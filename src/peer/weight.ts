import { type Account, MESSAGE_COST } from '../stream/ledger.js'
import { objectsOf, readsBytes } from '../stream/objects.js'
import type { Message } from '../wire/messages.js'

/**
 * Bytes that a message takes while it waits to be written. An answer is nobody else's: it is kept beside its frame, and its
 * objects take up to ten times what they have on the wire; while a user may send the same message to many.
 * @param size - bytes on the wire
 */
export function weightOf(message: Message, size: number, account: Account): number {
  const itself = account === 'reply' && readsBytes(message) ? size + objectsOf(message) : 0
  return size + MESSAGE_COST + itself
}
