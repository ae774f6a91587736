import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Announce blocks to me by headers instead of inv (BIP130). */
export interface SendHeadersMessage {
  readonly command: 'sendheaders'
}

export const sendheaders = messageType<SendHeadersMessage>({
  command: 'sendheaders',
  bips: [130],
  minVersion: protocolVersions.sendHeaders,
  maxLength: 0,
  fields: {},
})
