import { messageType } from '../message-type.js'

/** Ends the handshake: the sender has accepted the receiver's version. */
export interface VerackMessage {
  readonly command: 'verack'
}

export const verack = messageType<VerackMessage>({
  command: 'verack',
  direction: 'handshake',
  maxLength: 0,
  fields: {},
})
