import { messageType } from '../message-type.js'

/** Before verack: I understand addrv2 (BIP155). Both references send it from protocol version 70016 on. */
export interface SendAddrV2Message {
  readonly command: 'sendaddrv2'
}

export const sendaddrv2 = messageType<SendAddrV2Message>({
  command: 'sendaddrv2',
  bips: [155],
  direction: 'handshake',
  maxLength: 0,
  fields: {},
})
