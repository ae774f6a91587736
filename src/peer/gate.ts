import type { Command } from '../wire/messages.js'
import type { ConversationFault } from './policy.js'

/** Messages that belong to the handshake, and what they are once it is over. */
export const afterHandshake: Readonly<Partial<Record<Command, ConversationFault>>> = {
  version: 'duplicate-version',
  verack: 'duplicate-verack',
  sendaddrv2: 'late-sendaddrv2',
  wtxidrelay: 'late-wtxidrelay',
}
