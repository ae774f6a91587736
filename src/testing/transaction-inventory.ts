import type { Features } from '../behaviors/behavior.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { Transaction } from '../wire/transaction.js'

/** How a transaction is announced to a peer: by wtxid where that was agreed on (BIP339), else by txid. */
export function transactionInventory({ wtxidRelay }: Features, tx: Transaction): Inventory {
  return wtxidRelay ? { type: InventoryType.wtx, hash: tx.wtxid } : { type: InventoryType.tx, hash: tx.txid }
}
