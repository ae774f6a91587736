import { since, u64 } from '../codec.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Asks for a pong with the same nonce (BIP31). */
export interface PingMessage {
  readonly command: 'ping'
  /** Random, 64 bits; 0 and not on the wire up to protocol version 60000. */
  readonly nonce: bigint
}

const nonce = since(protocolVersions.bip31 + 1, u64, 0n)

export const ping = messageType<PingMessage>({
  command: 'ping',
  bips: [31],
  shortId: 18,
  maxLength: protocolVersion => (protocolVersion > protocolVersions.bip31 ? 8 : 0),
  fields: { nonce },
  decode: reader => ({ command: 'ping', nonce: nonce.decode(reader) }),
  encode: (writer, message) => nonce.encode(writer, message.nonce),
})
