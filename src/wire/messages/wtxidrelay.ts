import { messageType } from '../message-type.js'

/** Before verack: announce transactions to me by wtxid (BIP339). It counts from protocol version 70016 on, and is ignored below. */
export interface WtxidRelayMessage {
  readonly command: 'wtxidrelay'
}

export const wtxidrelay = messageType<WtxidRelayMessage>({
  command: 'wtxidrelay',
  bips: [339],
  direction: 'handshake',
  maxLength: 0,
  fields: {},
})
