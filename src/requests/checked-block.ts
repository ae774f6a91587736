import type { Block } from '../wire/block.js'
import { claimedHeight } from '../wire/claimed-height.js'
import { toHex } from '../wire/hex.js'
import { checkMerkleRoot, checkWitnessCommitment } from '../wire/merkle.js'
import type { Network } from '../wire/network.js'
import { RequestError } from './request-error.js'

/** What a block that was asked for has to be. */
export interface BlockExpectation {
  readonly network: Network
  /** Whether it was asked for with its witnesses: without them it does not keep what its coinbase says of them. */
  readonly witness: boolean
}

function isWhole(block: Block, { network, witness }: BlockExpectation): boolean {
  // A tree of hashes can be read as one that is a row lower, with its first row as transactions; a coinbase is none.
  if (!block.transactions.at(0)?.isCoinbase || !checkMerkleRoot(block)) return false
  const isSegwit = (claimedHeight(block) ?? 0) >= (network.segwitHeight ?? 0)
  return !witness || !isSegwit || checkWitnessCommitment(block)
}

/**
 * The block, when its transactions are those that its header commits to, with their witnesses.
 * @throws RequestError `bad-answer` where they are not
 */
export function checkedBlock(block: Block, expectation: BlockExpectation): Block {
  if (isWhole(block, expectation)) return block
  throw new RequestError(
    'bad-answer',
    `the transactions of block ${toHex(block.hash)} are not the ones it commits to`,
  )
}
