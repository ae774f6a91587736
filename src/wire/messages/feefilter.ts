import { i64 } from '../codec.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Do not announce cheaper transactions to me (BIP133). */
export interface FeeFilterMessage {
  readonly command: 'feefilter'
  /** Satoshi per 1000 virtual bytes; any signed 64 bits arrive as they are, `isMoney` tells whether they mean anything. */
  readonly feeRate: bigint
}

export const feefilter = messageType<FeeFilterMessage>({
  command: 'feefilter',
  bips: [133],
  minVersion: protocolVersions.feeFilter,
  shortId: 5,
  maxLength: 8,
  fields: { feeRate: i64 },
  decode: reader => ({ command: 'feefilter', feeRate: i64.decode(reader) }),
  encode: (writer, message) => i64.encode(writer, message.feeRate),
})
