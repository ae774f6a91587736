import { map } from 'rxjs'
import type { BehaviorContext } from '../behaviors/behavior.js'
import { randomNonce } from '../stream/environment.js'
import { Block } from '../wire/block.js'
import type { Hash } from '../wire/hash.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { List } from '../wire/list.js'
import { filterBlock } from '../wire/merkle-block.js'
import type { Message } from '../wire/messages.js'
import { toCompactBlock } from '../wire/reconstruct.js'
import { Transaction } from '../wire/transaction.js'
import type { Ledger } from './ledger.js'
import type { Service } from './service.js'
import { wantedBy } from './take-bloom-filters.js'

/** Deeper below the tip a compact block is not worth it, and the whole block is sent (Core `MAX_CMPCTBLOCK_DEPTH`). */
const MAX_CMPCTBLOCK_DEPTH = 5

/** Where things are looked up, and for whom. */
interface Desk {
  readonly ledger: Ledger
  readonly context: BehaviorContext
}

function strippedBlock({ ledger }: Desk, hash: Hash): Message | undefined {
  const block = ledger.chain.block(hash)
  return block && { command: 'block', block: Block.decode(block.stripped) }
}

function wholeBlock({ ledger }: Desk, hash: Hash): Message | undefined {
  const block = ledger.chain.block(hash)
  return block && { command: 'block', block }
}

function compactBlock(desk: Desk, hash: Hash): Message | undefined {
  const { chain } = desk.ledger
  const known = chain.known(hash)
  if (known === undefined || chain.height - known.height > MAX_CMPCTBLOCK_DEPTH) return wholeBlock(desk, hash)
  return { command: 'cmpctblock', ...toCompactBlock(known.block, randomNonce(desk.context.random)) }
}

/** The block as the filter of the peer sees it, and behind it what matches; nothing without a filter (BIP37). */
function filteredBlock({ ledger, context }: Desk, hash: Hash): readonly Message[] {
  const block = ledger.chain.block(hash)
  const wanted = wantedBy(context)
  if (block === undefined || wanted.filter === undefined) return []
  const { merkleBlock, transactions } = filterBlock(block, tx => wanted.has(tx))
  return [merkleBlock, ...transactions.map(strippedMessage)]
}

function strippedMessage(tx: Transaction): Message {
  return { command: 'tx', transaction: Transaction.decode(tx.stripped) }
}

function transactionBy(id: 'txid' | 'wtxid'): LookUp {
  return ({ ledger }, hash) => {
    const transaction = ledger.transaction(id, hash)
    return transaction && { command: 'tx', transaction }
  }
}

type LookUp = (desk: Desk, hash: Hash) => Message | readonly Message[] | undefined

/** What is looked up for each type of an inventory entry; types that are not here are not answered. */
const lookUps: ReadonlyMap<number, LookUp> = new Map<number, LookUp>([
  [InventoryType.block, strippedBlock],
  [InventoryType.witnessBlock, wholeBlock],
  [InventoryType.compactBlock, compactBlock],
  [InventoryType.filteredBlock, filteredBlock],
  [
    InventoryType.tx,
    ({ ledger }, hash) => {
      const transaction = ledger.transaction('txid', hash)
      return transaction && strippedMessage(transaction)
    },
  ],
  [InventoryType.witnessTx, transactionBy('txid')],
  [InventoryType.wtx, transactionBy('wtxid')],
])

const transactionTypes: ReadonlySet<number> = new Set([
  InventoryType.tx,
  InventoryType.witnessTx,
  InventoryType.wtx,
])

function isMessage(found: Message | readonly Message[]): found is Message {
  return 'command' in found
}

function* answers(desk: Desk, wanted: List<Inventory>): Generator<Message> {
  const missing: Inventory[] = []
  for (const entry of wanted) {
    const found = lookUps.get(entry.type)?.(desk, entry.hash)
    if (found === undefined) {
      if (transactionTypes.has(entry.type)) missing.push(entry)
    } else if (isMessage(found)) yield found
    else yield* found
  }
  if (missing.length > 0) yield { command: 'notfound', inventory: missing }
}

/**
 * Answers getdata in order, and then with one notfound for the transactions that are not here. Blocks come also from
 * branches that a reorganisation has replaced; compact blocks up to 5 below the tip, else whole; filtered blocks where
 * a filter is loaded. About unknown blocks and types it is silent, as Core is.
 */
export const serveData: Service = ledger => context =>
  context.on('getdata').pipe(map(({ inventory }) => answers({ ledger, context }, inventory)))
