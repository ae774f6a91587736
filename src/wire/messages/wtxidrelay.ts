import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Before verack: announce transactions to me by wtxid (BIP339). */
export interface WtxidRelayMessage {
  readonly command: 'wtxidrelay'
}

export const wtxidrelay = messageType<WtxidRelayMessage>({
  command: 'wtxidrelay',
  bips: [339],
  direction: 'handshake',
  minVersion: protocolVersions.wtxidRelay,
  maxLength: 0,
  fields: {},
})
