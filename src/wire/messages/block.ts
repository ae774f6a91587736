import { type Block, block as blockCodec } from '../block.js'
import { messageType } from '../message-type.js'

/** A whole block, in answer to getdata (BIP144). */
export interface BlockMessage {
  readonly command: 'block'
  /** Header and transactions. */
  readonly block: Block
}

export const block = messageType<BlockMessage>({
  command: 'block',
  bips: [144],
  shortId: 2,
  fields: { block: blockCodec },
})
