import { WireError } from './error.js'
import { HASH_SIZE, type Hash, sha256dAlike } from './hash.js'
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

/** Nodes side by side. */
interface Row {
  /** One behind the other, with room for one more: an odd last one is hashed with itself. */
  readonly hashes: Uint8Array
  /** Whether a match lies below; one of each node. */
  readonly leads: readonly boolean[]
}

const emptyRow = (nodes: number): Uint8Array => new Uint8Array(HASH_SIZE * (nodes + 1))

/** All rows from the leaves up. */
function rowsOver(txids: List<Hash>, isMatch: (index: number) => boolean): Row[] {
  const leaves = emptyRow(txids.length)
  const matches: boolean[] = []
  for (const txid of txids) {
    leaves.set(txid, HASH_SIZE * matches.length)
    matches.push(isMatch(matches.length))
  }
  let row: Row = { hashes: leaves, leads: matches }
  const rows = [row]
  while (row.leads.length > 1) {
    const { hashes, leads } = row
    const nodes = widthAt(leads.length, 1)
    const last = HASH_SIZE * (leads.length - 1)
    hashes.copyWithin(last + HASH_SIZE, last, last + HASH_SIZE)
    const above = emptyRow(nodes)
    sha256dAlike(64, hashes, 0, 64, nodes, above)
    row = {
      hashes: above,
      leads: Array.from({ length: nodes }, (_, i) => leads[2 * i] === true || leads[2 * i + 1] === true),
    }
    rows.push(row)
  }
  return rows
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

  const rows = rowsOver(txids, isMatch)
  const hashes: Hash[] = []
  const bits: boolean[] = []
  const visit = (height: number, position: number): void => {
    const row = rows[height]
    const leads = row?.leads[position]
    if (row === undefined || leads === undefined) return
    bits.push(leads)
    if (height === 0 || !leads) {
      hashes.push(row.hashes.slice(HASH_SIZE * position, HASH_SIZE * (position + 1)))
    } else {
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
