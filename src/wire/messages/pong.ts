import { u64 } from '../codec.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** The answer to a ping (BIP31). */
export interface PongMessage {
  readonly command: 'pong'
  /** The nonce of the ping. */
  readonly nonce: bigint
}

export const pong = messageType<PongMessage>({
  command: 'pong',
  bips: [31],
  minVersion: protocolVersions.bip31 + 1,
  shortId: 19,
  maxLength: 8,
  fields: { nonce: u64 },
})
