import { concatMap } from 'rxjs'
import { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { List } from '../wire/list.js'
import type { Message } from '../wire/messages.js'
import { Transaction } from '../wire/transaction.js'
import type { Ledger } from './ledger.js'
import type { Service } from './service.js'

type Found = Message | undefined

function blockMessage(block: Block | undefined): Found {
  return block && { command: 'block', block }
}

function txMessage(transaction: Transaction | undefined): Found {
  return transaction && { command: 'tx', transaction }
}

function strippedBlock(block: Block | undefined): Block | undefined {
  return block && Block.decode(block.stripped)
}

function strippedTransaction(tx: Transaction | undefined): Transaction | undefined {
  return tx && Transaction.decode(tx.stripped)
}

/** What is looked up for each type of an inventory entry; types that are not here are not answered. */
const lookUps: ReadonlyMap<number, (ledger: Ledger, hash: Hash) => Found> = new Map([
  [InventoryType.block, ({ chain }, hash) => blockMessage(strippedBlock(chain.block(hash)))],
  [InventoryType.witnessBlock, ({ chain }, hash) => blockMessage(chain.block(hash))],
  [InventoryType.tx, (ledger, hash) => txMessage(strippedTransaction(ledger.transaction('txid', hash)))],
  [InventoryType.witnessTx, (ledger, hash) => txMessage(ledger.transaction('txid', hash))],
  [InventoryType.wtx, (ledger, hash) => txMessage(ledger.transaction('wtxid', hash))],
])

const transactionTypes: ReadonlySet<number> = new Set([
  InventoryType.tx,
  InventoryType.witnessTx,
  InventoryType.wtx,
])

function* answers(ledger: Ledger, wanted: List<Inventory>): Generator<Message> {
  const missing: Inventory[] = []
  for (const entry of wanted) {
    const found = lookUps.get(entry.type)?.(ledger, entry.hash)
    if (found) yield found
    else if (transactionTypes.has(entry.type)) missing.push(entry)
  }
  if (missing.length > 0) yield { command: 'notfound', inventory: missing }
}

/**
 * Answers getdata in order, and then with one notfound for the transactions that are not here. About unknown blocks
 * and types it is silent, as Core is.
 */
export const serveData: Service =
  ledger =>
  ({ on }) =>
    on('getdata').pipe(concatMap(({ inventory }) => answers(ledger, inventory)))
