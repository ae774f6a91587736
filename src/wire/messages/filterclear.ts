import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Removes the bloom filter of this connection, and with it every limit on what is relayed (BIP37). */
export interface FilterClearMessage {
  readonly command: 'filterclear'
}

export const filterclear = messageType<FilterClearMessage>({
  command: 'filterclear',
  bips: [37, 111],
  direction: 'request',
  minVersion: protocolVersions.bip37,
  shortId: 7,
  maxLength: 0,
  fields: {},
})
