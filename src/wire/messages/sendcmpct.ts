import { bool, u64 } from '../codec.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Offers compact blocks (BIP152). */
export interface SendCmpctMessage {
  readonly command: 'sendcmpct'
  /** Whether blocks may be announced by cmpctblock without asking first. */
  readonly highBandwidth: boolean
  /** 1: short ids of txids; 2: of wtxids. Today's nodes know only 2. */
  readonly version: bigint
}

export const sendcmpct = messageType<SendCmpctMessage>({
  command: 'sendcmpct',
  bips: [152],
  minVersion: protocolVersions.compactBlocks,
  shortId: 20,
  maxLength: 9,
  fields: { highBandwidth: bool, version: u64 },
})
