import { type CompactBlock, compactBlock } from '../compact.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** A block whose transactions the receiver should have already, by short ids (BIP152). */
export interface CmpctBlockMessage extends CompactBlock {
  readonly command: 'cmpctblock'
}

export const cmpctblock = messageType<CmpctBlockMessage>({
  command: 'cmpctblock',
  bips: [152],
  minVersion: protocolVersions.compactBlocks,
  shortId: 4,
  fields: compactBlock,
})
