import { i64 } from '../codec.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Do not announce cheaper transactions to me (BIP133). */
export interface FeeFilterMessage {
  readonly command: 'feefilter'
  /** Satoshi per 1000 virtual bytes, 0 to 2,100,000,000,000,000; other values arrive as they are. */
  readonly feeRate: bigint
}

export const feefilter = messageType<FeeFilterMessage>({
  command: 'feefilter',
  bips: [133],
  minVersion: protocolVersions.feeFilter,
  shortId: 5,
  maxLength: 8,
  fields: { feeRate: i64 },
})
