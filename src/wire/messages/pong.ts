import { type Codec, u64 } from '../codec.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** The answer to a ping (BIP31). */
export interface PongMessage {
  readonly command: 'pong'
  /** The nonce of the ping. */
  readonly nonce: bigint
}

/** Core lets a pong without a whole nonce end all that it waits for, as it does one with nonce 0; lenient reading too. */
const nonce: Codec<bigint> = {
  ...u64,
  decode: reader => {
    if (!reader.lenient || reader.remaining >= u64.minSize) return u64.decode(reader)
    reader.rest()
    return 0n
  },
}

export const pong = messageType<PongMessage>({
  command: 'pong',
  bips: [31],
  minVersion: protocolVersions.bip31 + 1,
  shortId: 19,
  maxLength: 8,
  fields: { nonce },
  decode: reader => ({ command: 'pong', nonce: nonce.decode(reader) }),
  encode: (writer, message) => nonce.encode(writer, message.nonce),
})
