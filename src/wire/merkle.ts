import { type Block, flatTxids, flatWtxids } from './block.js'
import { HASH_SIZE, type Hash, sha256d, sha256dAlike, zeroHash } from './hash.js'
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

const pair = new Uint8Array(2 * HASH_SIZE)

/** SHA256d of two hashes, one behind the other, written to `out`. */
export function hashPair(left: Uint8Array, right: Uint8Array, out: Uint8Array): void {
  pair.set(left)
  pair.set(right, HASH_SIZE)
  out.set(sha256d(pair))
}

/** Words of a hash. */
const WORDS = HASH_SIZE >>> 2

/** Whether two neighbours that are hashed together are equal. */
function hasEqualPair(words: Int32Array, count: number): boolean {
  for (let left = 0; left + WORDS < count * WORDS; left += 2 * WORDS) {
    let i = 0
    while (i < WORDS && words[left + i] === words[left + WORDS + i]) i += 1
    if (i === WORDS) return true
  }
  return false
}

/** The root over hashes that stand one behind the other. Each row is written over the one below: no node is an object. */
function rootOf(leaves: Uint8Array): MerkleRoot {
  let count = leaves.length / HASH_SIZE
  const row = new Uint8Array(leaves.length + HASH_SIZE)
  row.set(leaves)
  const words = new Int32Array(row.buffer)
  let mutated = false
  while (count > 1) {
    mutated ||= hasEqualPair(words, count)
    // An odd last one is hashed with itself.
    row.copyWithin(HASH_SIZE * count, HASH_SIZE * (count - 1), HASH_SIZE * count)
    count = (count + 1) >>> 1
    sha256dAlike(64, row, 0, 64, count, row)
  }
  return { root: row.slice(0, HASH_SIZE), mutated }
}

/** The merkle root of a list of hashes, wire order. */
export function merkleRoot(hashes: List<Hash>): MerkleRoot {
  const leaves = new Uint8Array(HASH_SIZE * hashes.length)
  let at = 0
  for (const hash of hashes) {
    leaves.set(hash, at)
    at += HASH_SIZE
  }
  return rootOf(leaves)
}

/** Whether the transactions of a block are those that its header commits to, none repeated (CVE-2012-2459). */
export function checkMerkleRoot(block: Block): boolean {
  const { root, mutated } = rootOf(flatTxids(block))
  return !mutated && equalBytes(root, block.header.merkleRoot)
}

/** The merkle root of a block's wtxids, in which the coinbase counts as zero (BIP141). */
export function witnessMerkleRoot(block: Block): Hash {
  const wtxids = flatWtxids(block)
  if (wtxids.length === 0) return zeroHash
  wtxids.set(zeroHash)
  return rootOf(wtxids).root
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
