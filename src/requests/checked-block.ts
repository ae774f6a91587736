import type { Peer } from '../peer/peer.js'
import type { Block } from '../wire/block.js'
import { claimedHeight } from '../wire/claimed-height.js'
import { toHex } from '../wire/hex.js'
import { checkMerkleRoot, type WitnessState, witnessState } from '../wire/merkle.js'
import type { Network } from '../wire/network.js'
import { servesWitness } from './inventory-answers.js'
import { RequestError } from './request-error.js'

/**
 * Transactions that a block can hold: its weight (Core `MAX_BLOCK_WEIGHT`) by that of the smallest one that is valid
 * (Core `MIN_TRANSACTION_WEIGHT`, 60 bytes without witness). Payloads have room for 25 times as many that are not, and
 * to hash those takes more than a second.
 */
const MAX_TRANSACTIONS = Math.floor(4_000_000 / (4 * 60))

/** Whether the witnesses of a block may be as they are (BIP141), where it has to have them and where it need not. */
const honest: Readonly<Record<WitnessState, 'always' | 'unbound' | 'never'>> = {
  none: 'always',
  committed: 'always',
  stripped: 'unbound',
  mismatched: 'never',
  uncommitted: 'never',
}

function isWhole(block: Block, peer: Pick<Peer, 'version'>, { segwitHeight = 0 }: Network): boolean {
  if (block.transactions.length > MAX_TRANSACTIONS) return false
  // A tree of hashes can be read as one that is a row lower, with its first row as transactions; a coinbase is none.
  if (!block.transactions.at(0)?.isCoinbase || !checkMerkleRoot(block)) return false
  const state = honest[witnessState(block)]
  // From segwit on it has to keep what it says of witnesses, where it was asked for them: where the remote serves them.
  const isBound = servesWitness(peer) && (claimedHeight(block) ?? 0) >= segwitHeight
  return state === 'always' || (state === 'unbound' && !isBound)
}

/**
 * The block, when its transactions are those that its header commits to, with their witnesses.
 * @throws RequestError `bad-answer` where they are not
 */
export function checkedBlock(block: Block, peer: Pick<Peer, 'version'>, network: Network): Block {
  if (isWhole(block, peer, network)) return block
  throw new RequestError(
    'bad-answer',
    `the transactions of block ${toHex(block.hash)} are not the ones it commits to`,
  )
}
