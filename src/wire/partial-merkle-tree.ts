import { WireError } from './error.js'
import type { Hash } from './hash.js'
import { equalBytes } from './hex.js'
import type { List } from './list.js'
import { hashPair } from './merkle.js'

/** A merkle tree of which only the paths to some transactions are told (BIP37). */
export interface PartialMerkleTree {
  /** Transactions of the whole block. */
  readonly totalTransactions: number
  /** Hashes of the nodes at which the walk ends, depth first, wire order. */
  readonly hashes: List<Hash>
  /** One bit a node that the walk visits, lowest bit of each byte first: whether it leads to a match. */
  readonly flags: Uint8Array
}

/** A transaction that a partial merkle tree proves. */
export interface MerkleMatch {
  /** Its place in the block. */
  readonly index: number
  /** Wire order. */
  readonly txid: Hash
}

/** No block has more transactions: 4,000,000 weight at 240 a transaction, the shortest possible. */
const MAX_TRANSACTIONS = Math.floor(4_000_000 / 240)

/** Nodes of the row at `height` over `leaves` leaves; the leaves are row 0. */
const widthAt = (leaves: number, height: number): number => Math.ceil(leaves / 2 ** height)

function heightOf(leaves: number): number {
  let height = 0
  while (widthAt(leaves, height) > 1) height += 1
  return height
}

/**
 * The tree that proves the transactions for which `isMatch` answers true.
 * @param txids - of all transactions of the block, at least one
 * @throws TypeError for an empty list: no block is without a transaction
 */
export function buildPartialMerkleTree(
  txids: List<Hash>,
  isMatch: (index: number) => boolean,
): PartialMerkleTree {
  const total = txids.length
  if (total === 0) throw new TypeError('a merkle tree has at least one transaction')

  // All rows from the leaves up: the hashes, and whether a match lies below.
  let row = Array.from(txids, (hash, index) => ({ hash, leads: isMatch(index) }))
  const rows = [row]
  while (row.length > 1) {
    const above: typeof row = []
    for (let i = 0; i < row.length; i += 2) {
      const left = row[i]!
      const right = row[i + 1] ?? left
      const hash = new Uint8Array(32)
      hashPair(left.hash, right.hash, hash)
      above.push({ hash, leads: left.leads || right.leads })
    }
    row = above
    rows.push(row)
  }

  const hashes: Hash[] = []
  const bits: boolean[] = []
  const visit = (height: number, position: number): void => {
    const node = rows[height]?.[position]
    if (node === undefined) return
    bits.push(node.leads)
    if (height === 0 || !node.leads) hashes.push(node.hash)
    else {
      visit(height - 1, 2 * position)
      visit(height - 1, 2 * position + 1)
    }
  }
  visit(rows.length - 1, 0)

  const flags = new Uint8Array(Math.ceil(bits.length / 8))
  bits.forEach((bit, i) => {
    if (bit) flags[i >>> 3]! |= 1 << (i & 7)
  })
  return { totalTransactions: total, hashes, flags }
}

const fault = (detail: string) => new WireError('bad-merkle-tree', detail, { command: 'merkleblock' })

/**
 * Walks the tree and returns its root with the transactions that it proves; compare the root with the header's. By
 * Core's rules everything told must be used, and siblings must differ (CVE-2012-2459). A transaction of exactly 64
 * bytes can pose as an inner node (CVE-2017-12842): whoever relies on a proof refuses such transactions.
 * @throws WireError `bad-merkle-tree`
 */
export function verifyPartialMerkleTree(tree: PartialMerkleTree): { root: Hash; matches: MerkleMatch[] } {
  const { totalTransactions: total, hashes, flags } = tree
  if (total === 0) throw fault('no transaction')
  if (total > MAX_TRANSACTIONS)
    throw fault(`${total} transactions, no block has more than ${MAX_TRANSACTIONS}`)
  if (hashes.length > total) throw fault(`${hashes.length} hashes for ${total} transactions`)
  if (flags.length * 8 < hashes.length) throw fault(`${hashes.length} hashes and ${flags.length * 8} flags`)

  const matches: MerkleMatch[] = []
  let bitsUsed = 0
  let hashesUsed = 0
  const visit = (height: number, position: number): Hash => {
    const byte = flags[bitsUsed >>> 3]
    if (byte === undefined) throw fault('the flags end inside the tree')
    const leads = ((byte >>> (bitsUsed & 7)) & 1) === 1
    bitsUsed += 1
    if (height === 0 || !leads) {
      const hash = hashes.at(hashesUsed)
      if (hash === undefined) throw fault('the hashes end inside the tree')
      hashesUsed += 1
      if (leads) matches.push({ index: position, txid: hash })
      return hash
    }
    const left = visit(height - 1, 2 * position)
    const hasRight = 2 * position + 1 < widthAt(total, height - 1)
    const right = hasRight ? visit(height - 1, 2 * position + 1) : left
    if (hasRight && equalBytes(left, right)) throw fault('two equal siblings')
    const hash = new Uint8Array(32)
    hashPair(left, right, hash)
    return hash
  }
  const root = visit(heightOf(total), 0)

  if (hashesUsed !== hashes.length) throw fault(`${hashes.length - hashesUsed} hashes left over`)
  if (Math.ceil(bitsUsed / 8) !== flags.length) throw fault('flag bytes left over')
  return { root, matches }
}
