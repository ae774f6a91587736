import type { Block } from './block.js'
import { smallSha256 } from './crypto/small-sha256.js'
import { type Hash, sha256d, sha256dAll, zeroHash } from './hash.js'
import { equalBytes } from './hex.js'
import type { List } from './list.js'

/** The root of a merkle tree and whether the list it was made of is suspect. */
export interface MerkleRoot {
  /** Zero for an empty list. */
  readonly root: Hash
  /**
   * Whether two siblings are equal. An odd row is completed by repeating its last hash, so a list whose end is
   * repeated has the same root as the honest one: such a block must be refused without blaming its header
   * (CVE-2012-2459).
   */
  readonly mutated: boolean
}

const pair = new Uint8Array(64)

/** SHA256d of two hashes, one behind the other, written to `out`. */
export function hashPair(left: Uint8Array, right: Uint8Array, out: Uint8Array): void {
  pair.set(left)
  pair.set(right, 32)
  smallSha256(pair, out)
  smallSha256(out, out)
}

/** Whether two neighbours that are hashed together are equal. */
function hasEqualPair(row: readonly Hash[]): boolean {
  for (let i = 0; i + 1 < row.length; i += 2) if (equalBytes(row[i]!, row[i + 1]!)) return true
  return false
}

/** The row above: the hash of each pair, an odd last one with itself. */
function rowAbove(row: readonly Hash[]): Hash[] {
  return sha256dAll({
    count: (row.length + 1) >>> 1,
    size: () => 64,
    write: (index, target, offset) => {
      const left = row[2 * index]!
      target.set(left, offset)
      target.set(row[2 * index + 1] ?? left, offset + 32)
    },
  })
}

/** The merkle root of a list of hashes, wire order. */
export function merkleRoot(hashes: List<Hash>): MerkleRoot {
  let row = Array.from(hashes)
  let mutated = false
  while (row.length > 1) {
    mutated ||= hasEqualPair(row)
    row = rowAbove(row)
  }
  return { root: row[0]?.slice() ?? zeroHash, mutated }
}

/** Whether the transactions of a block are those that its header commits to, none repeated (CVE-2012-2459). */
export function checkMerkleRoot(block: Block): boolean {
  const { root, mutated } = merkleRoot(block.txids())
  return !mutated && equalBytes(root, block.header.merkleRoot)
}

/** The merkle root of a block's wtxids, in which the coinbase counts as zero (BIP141). */
export function witnessMerkleRoot(block: Block): Hash {
  const [, ...others] = block.wtxids()
  return merkleRoot([zeroHash, ...others]).root
}

/** What a commitment's script starts with: OP_RETURN, a push of 36 bytes, and BIP141's four. */
const commitmentStart = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed)
const COMMITMENT_SIZE = commitmentStart.length + 32

/** The 32 bytes with which the coinbase commits to all witnesses, `undefined` where it does not (BIP141). */
export function witnessCommitment(block: Block): Uint8Array | undefined {
  const script = block.transactions
    .at(0)
    ?.outputs.findLast(
      ({ scriptPubKey }) =>
        scriptPubKey.length >= COMMITMENT_SIZE &&
        commitmentStart.every((byte, i) => scriptPubKey[i] === byte),
    )?.scriptPubKey
  return script?.subarray(commitmentStart.length, COMMITMENT_SIZE)
}

/** What a block says of its witnesses, as a fact; which of it may be depends on the block's height (BIP141). */
export type WitnessState =
  /** No witness, and no commitment to any. */
  | 'none'
  /** The coinbase commits to witnesses, and they are these. */
  | 'committed'
  /**
   * The coinbase commits to witnesses, and there is none: they were left out, as for who asks without the witness flag,
   * or the block is from before segwit, when a commitment bound nobody.
   */
  | 'stripped'
  /** The coinbase commits to other witnesses than are there. No honest block is so at any height. */
  | 'mismatched'
  /** There are witnesses that nothing commits to: anybody may have put them in. No honest block is so at any height. */
  | 'uncommitted'

/** Whether the coinbase's one witness item, hashed behind the root of the wtxids, makes the commitment. */
function keepsCommitment(block: Block, commitment: Uint8Array): boolean {
  const stack = block.transactions.at(0)?.inputs[0]?.witness
  const reserved = stack?.at(0)
  if (stack?.length !== 1 || reserved?.length !== 32) return false
  const joined = new Uint8Array(64)
  joined.set(witnessMerkleRoot(block))
  joined.set(reserved, 32)
  return equalBytes(sha256d(joined), commitment)
}

/**
 * How a block's witnesses stand to what its coinbase commits to. Core takes `none` and `committed` from segwit's height
 * on, and before it whatever has no witness, `none` and `stripped`.
 */
export function witnessState(block: Block): WitnessState {
  const commitment = witnessCommitment(block)
  if (!block.hasWitness) return commitment === undefined ? 'none' : 'stripped'
  if (commitment === undefined) return 'uncommitted'
  return keepsCommitment(block, commitment) ? 'committed' : 'mismatched'
}

/**
 * Whether the witnesses of a block are those that its coinbase commits to; without a commitment, whether there is no
 * witness at all. The block must be in witness form. {@link witnessState} tells more.
 */
export function checkWitnessCommitment(block: Block): boolean {
  const state = witnessState(block)
  return state === 'none' || state === 'committed'
}
