import { hash, u32, varBytes, view } from '../codec.js'
import { blockHeader } from '../header.js'
import { MAX_MERKLE_FLAGS, MAX_MERKLE_HASHES } from '../limits.js'
import type { MerkleBlockFields } from '../merkle-block.js'
import { messageType } from '../message-type.js'
import { protocolVersions } from '../versions.js'

/**
 * A block as the bloom filter leaves it (BIP37): its header and a proof of the matching transactions, which follow in
 * tx messages without witness. What it says is checked by `verifyMerkleBlock`, not by decoding.
 */
export interface MerkleBlockMessage extends MerkleBlockFields {
  readonly command: 'merkleblock'
}

export const merkleblock = messageType<MerkleBlockMessage>({
  command: 'merkleblock',
  bips: [37],
  direction: 'response',
  minVersion: protocolVersions.bip37,
  shortId: 16,
  fields: {
    header: blockHeader,
    totalTransactions: u32,
    hashes: view(hash, MAX_MERKLE_HASHES),
    flags: varBytes(MAX_MERKLE_FLAGS),
  },
})
