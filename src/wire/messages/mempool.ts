import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Asks for an inv of the transactions in the mempool (BIP35); only to nodes that offer `bloom`. */
export interface MempoolMessage {
  readonly command: 'mempool'
}

export const mempool = messageType<MempoolMessage>({
  command: 'mempool',
  bips: [35],
  direction: 'request',
  minVersion: protocolVersions.bip35,
  shortId: 15,
  maxLength: 0,
  fields: {},
})
