import { messageType } from '../message-type.js'

/** Asks for addresses of other nodes; answered once, on inbound connections. */
export interface GetAddrMessage {
  readonly command: 'getaddr'
}

export const getaddr = messageType<GetAddrMessage>({
  command: 'getaddr',
  maxLength: 0,
  fields: {},
})
