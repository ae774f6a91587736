import { channelOf } from '../peer/face.js'
import type { Peer } from '../peer/peer.js'
import type { Block } from '../wire/block.js'
import { claimedHeight } from '../wire/claimed-height.js'
import { toHex } from '../wire/hex.js'
import { checkMerkleRoot, checkWitnessCommitment } from '../wire/merkle.js'
import { servesWitness } from './inventory-answers.js'
import { RequestError } from './request-error.js'

function isWhole(block: Block, peer: Peer): boolean {
  // A tree of hashes can be read as one that is a row lower, with its first row as transactions; a coinbase is none.
  if (!block.transactions.at(0)?.isCoinbase || !checkMerkleRoot(block)) return false
  const isSegwit = (claimedHeight(block) ?? 0) >= (channelOf(peer).network.segwitHeight ?? 0)
  // Without its witnesses, which it was asked for where the remote serves them, it does not keep what it says of them.
  return !servesWitness(peer) || !isSegwit || checkWitnessCommitment(block)
}

/**
 * The block, when its transactions are those that its header commits to, with their witnesses.
 * @throws RequestError `bad-answer` where they are not
 */
export function checkedBlock(block: Block, peer: Peer): Block {
  if (isWhole(block, peer)) return block
  throw new RequestError(
    'bad-answer',
    `the transactions of block ${toHex(block.hash)} are not the ones it commits to`,
  )
}
