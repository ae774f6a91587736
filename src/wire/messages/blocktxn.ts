import { hash, list } from '../codec.js'
import { MAX_COMPACT_INDEX } from '../compact.js'
import type { Hash } from '../hash.js'
import type { List } from '../list.js'
import { messageType } from '../message-type.js'
import { type Transaction, transaction } from '../transaction.js'
import { protocolVersions } from '../versions.js'

/** Answers getblocktxn (BIP152). */
export interface BlockTxnMessage {
  readonly command: 'blocktxn'
  /** The block that getblocktxn named. */
  readonly blockHash: Hash
  /** The transactions asked for, in the order of the block, at most 65536. */
  readonly transactions: List<Transaction>
}

export const blocktxn = messageType<BlockTxnMessage>({
  command: 'blocktxn',
  bips: [152],
  minVersion: protocolVersions.compactBlocks,
  shortId: 3,
  fields: { blockHash: hash, transactions: list(transaction, MAX_COMPACT_INDEX + 1) },
})
