import type { Block } from './block.js'
import { smallSha256 } from './crypto/small-sha256.js'
import { type Hash, sha256d, zeroHash } from './hash.js'
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

/** The merkle root of a list of hashes, wire order. */
export function merkleRoot(hashes: List<Hash>): MerkleRoot {
  let width = hashes.length
  if (width === 0) return { root: zeroHash, mutated: false }
  const row = new Uint8Array(32 * width)
  let at = 0
  for (const hash of hashes) {
    row.set(hash, at)
    at += 32
  }
  const node = (index: number) => row.subarray(32 * index, 32 * index + 32)
  let mutated = false
  while (width > 1) {
    const next = (width + 1) >>> 1
    for (let i = 0; i < next; i += 1) {
      const left = node(2 * i)
      const hasRight = 2 * i + 1 < width
      const right = hasRight ? node(2 * i + 1) : left
      if (hasRight && equalBytes(left, right)) mutated = true
      hashPair(left, right, node(i))
    }
    width = next
  }
  return { root: row.slice(0, 32), mutated }
}

/** Whether the transactions of a block are those that its header commits to, none repeated (CVE-2012-2459). */
export function checkMerkleRoot(block: Block): boolean {
  const { root, mutated } = merkleRoot(block.txids())
  return !mutated && equalBytes(root, block.header.merkleRoot)
}

/** The merkle root of a block's wtxids, in which the coinbase counts as zero (BIP141). */
export function witnessMerkleRoot(block: Block): Hash {
  const wtxids = Array.from(block.transactions, (tx, index) => (index === 0 ? zeroHash : tx.wtxid))
  return merkleRoot(wtxids).root
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

/**
 * Whether the witnesses of a block are those that its coinbase commits to; without a commitment, whether there is no
 * witness at all. The block must be in witness form.
 */
export function checkWitnessCommitment(block: Block): boolean {
  const commitment = witnessCommitment(block)
  if (commitment === undefined) {
    for (const tx of block.transactions) if (tx.hasWitness) return false
    return true
  }
  const stack = block.transactions.at(0)?.inputs[0]?.witness
  const reserved = stack?.at(0)
  if (stack?.length !== 1 || reserved?.length !== 32) return false
  const joined = new Uint8Array(64)
  joined.set(witnessMerkleRoot(block))
  joined.set(reserved, 32)
  return equalBytes(sha256d(joined), commitment)
}
