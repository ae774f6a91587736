import { varBytes } from '../codec.js'
import { MAX_FILTER_ADD } from '../limits.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Puts one more element into the bloom filter of this connection (BIP37); only after a filterload. */
export interface FilterAddMessage {
  readonly command: 'filteradd'
  /** At most 520 bytes (`MAX_SCRIPT_ELEMENT_SIZE`). */
  readonly data: Uint8Array
}

export const filteradd = messageType<FilterAddMessage>({
  command: 'filteradd',
  bips: [37, 111],
  direction: 'request',
  minVersion: protocolVersions.bip37,
  shortId: 6,
  maxLength: 3 + MAX_FILTER_ADD,
  fields: { data: varBytes(MAX_FILTER_ADD) },
})
