import type { Block } from './block.js'
import { WireError } from './error.js'
import type { BlockHeader } from './header.js'
import { equalBytes } from './hex.js'
import {
  buildPartialMerkleTree,
  type MerkleMatch,
  type PartialMerkleTree,
  verifyPartialMerkleTree,
} from './partial-merkle-tree.js'
import type { Transaction } from './transaction.js'

/** What merkleblock carries. */
export interface MerkleBlockFields extends PartialMerkleTree {
  /** Of the block; its merkle root is what the tree must lead to. */
  readonly header: BlockHeader
}

/**
 * The merkleblock of a block, and the transactions to send behind it: all for which `isMatch` answers true. It is
 * asked once for each transaction, in the order of the block.
 * @example filterBlock(block, tx => filter.matchAndUpdate(tx))
 * @throws TypeError for a block without transactions
 */
export function filterBlock(
  block: Block,
  isMatch: (tx: Transaction) => boolean,
): { merkleBlock: MerkleBlockFields & { readonly command: 'merkleblock' }; transactions: Transaction[] } {
  const all = Array.from(block.transactions)
  const matched = all.map(isMatch)
  const tree = buildPartialMerkleTree(
    all.map(tx => tx.txid),
    index => matched[index] === true,
  )
  return {
    merkleBlock: { command: 'merkleblock', header: block.header, ...tree },
    transactions: all.filter((_, index) => matched[index]),
  }
}

/**
 * The transactions that a merkleblock proves to be in its block; the header's own proof of work is not looked at.
 * @throws WireError `bad-merkle-tree` where the tree is malformed or has another root than the header
 */
export function verifyMerkleBlock(merkleBlock: MerkleBlockFields): MerkleMatch[] {
  const { root, matches } = verifyPartialMerkleTree(merkleBlock)
  if (!equalBytes(root, merkleBlock.header.merkleRoot)) {
    throw new WireError('bad-merkle-tree', 'the root is not the one of the header', {
      command: 'merkleblock',
    })
  }
  return matches
}
