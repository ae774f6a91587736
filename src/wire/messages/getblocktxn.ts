import { hash } from '../codec.js'
import { differentialIndexes, MAX_COMPACT_INDEX } from '../compact.js'
import type { Hash } from '../hash.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/** Asks for transactions of a compact block that the sender does not have (BIP152). */
export interface GetBlockTxnMessage {
  readonly command: 'getblocktxn'
  /** The block that cmpctblock announced. */
  readonly blockHash: Hash
  /** Places in the block, ascending, each at most 65535; absolute here, differences on the wire. */
  readonly indexes: List<number>
}

export const getblocktxn = messageType<GetBlockTxnMessage>({
  command: 'getblocktxn',
  bips: [152],
  minVersion: protocolVersions.compactBlocks,
  shortId: 10,
  // Every index asked for takes one byte; a gap of 253 and more takes three, and skips more than it takes.
  maxLength: 32 + 5 + MAX_COMPACT_INDEX + 1,
  fields: { blockHash: hash, indexes: differentialIndexes },
})
