import { u32, u64 } from '../codec.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Before verack: let us reconcile transactions instead of announcing each (BIP330, draft). */
export interface SendTxRcnclMessage {
  readonly command: 'sendtxrcncl'
  /** Version of reconciliation, 1 today. */
  readonly version: number
  /** The sender's half of the salt for short ids, random. */
  readonly salt: bigint
}

export const sendtxrcncl = messageType<SendTxRcnclMessage>({
  command: 'sendtxrcncl',
  bips: [330],
  direction: 'handshake',
  minVersion: protocolVersions.wtxidRelay,
  maxLength: 12,
  fields: { version: u32, salt: u64 },
})
