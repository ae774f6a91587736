import { type Account, MESSAGE_COST } from '../stream/ledger.js'
import { itemsOf } from '../stream/objects.js'
import type { Message } from '../wire/messages.js'

/**
 * Bytes that a message takes while it waits to be written. The items of an answer's lists are nobody else's, and take up to
 * ten times what they have on the wire, while a user may send the same ones to many.
 * @param size - bytes on the wire
 */
export function weightOf(message: Message, size: number, account: Account): number {
  return size + MESSAGE_COST + (account === 'reply' ? itemsOf(message) : 0)
}
