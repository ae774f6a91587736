import type { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import type { BlockHeader } from '../wire/header.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { VersionMessage } from '../wire/messages/version.js'
import type { Transaction } from '../wire/transaction.js'
import { protocolVersions } from '../wire/versions.js'
import type { Features } from './features.js'

/** A transaction by its two hashes, for whoever has no more at hand. */
export interface TransactionIds {
  /** Wire order. */
  readonly txid: Hash
  /** Wire order; equal to the txid where there is no witness. */
  readonly wtxid: Hash
  /** Satoshi per 1000 virtual bytes; where given, the remote's feefilter is respected (BIP133). */
  readonly feeRate?: bigint | undefined
}

/** What can be announced: a transaction, a block, or a bare inventory entry. */
export type Announcement = Transaction | TransactionIds | Block | BlockHeader | Inventory

/** Whether an announcement is a transaction, whole or by its hashes. */
export function isTransaction(announcement: Announcement): announcement is Transaction | TransactionIds {
  return 'txid' in announcement
}

/** The header of an announced block; `undefined` for anything else. */
export function headerOf(announcement: Announcement): BlockHeader | undefined {
  if ('header' in announcement) return announcement.header
  return 'merkleRoot' in announcement ? announcement : undefined
}

/** Both entries that name a transaction. */
export function transactionNames({ txid, wtxid }: TransactionIds): readonly Inventory[] {
  return [
    { type: InventoryType.tx, hash: txid },
    { type: InventoryType.wtx, hash: wtxid },
  ]
}

/** The types that name a block: their announcements neither wait nor are kept back. */
export const blockTypes: ReadonlySet<number> = new Set([InventoryType.block, InventoryType.witnessBlock])

/** The entry that announces a transaction to a remote with these features. */
export function transactionEntry({ txid, wtxid }: TransactionIds, features: Features): Inventory {
  return features.wtxidRelay
    ? { type: InventoryType.wtx, hash: wtxid }
    : { type: InventoryType.tx, hash: txid }
}

/** Whether a remote wants transactions announced, as far as its version message says (BIP37); a filter may change it. */
export function wantsTransactions({
  version,
  protocolVersion,
}: {
  readonly version: VersionMessage
  /** Negotiated. */
  readonly protocolVersion: number
}): boolean {
  return version.relay || protocolVersion < protocolVersions.bip37
}

/** The inventory entries that name an announcement, in every form that it has. */
export function* namesOf(announcement: Announcement): Generator<Inventory> {
  if (isTransaction(announcement)) yield* transactionNames(announcement)
  else if ('type' in announcement) yield announcement
  else {
    const header = headerOf(announcement)
    if (header !== undefined) yield { type: InventoryType.block, hash: header.hash }
  }
}
