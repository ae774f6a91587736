import { from, mergeMap, type OperatorFunction, pipe } from 'rxjs'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import { ofCommand } from './of-command.js'

/** Names of the types that an inventory entry can have. */
export type InventoryTypeName = keyof typeof InventoryType

/**
 * The entries of the inv messages that have one of the types, one by one. `tx` and `wtx` are two types: a remote uses
 * the second where wtxidrelay was negotiated (BIP339).
 *
 * ```
 * messages$  --inv(tx, block)--ping--inv(block)--
 *            ofInventory('block')
 *            --block-----------------block-------
 * ```
 * @example peer.messages$.pipe(ofInventory('tx', 'wtx')).subscribe(({ hash }) => console.log(toHex(hash)))
 */
export function ofInventory(
  ...types: readonly [InventoryTypeName, ...InventoryTypeName[]]
): OperatorFunction<Message, Inventory> {
  const wanted: ReadonlySet<number> = new Set(types.map(type => InventoryType[type]))
  return pipe(
    ofCommand('inv'),
    mergeMap(({ inventory }) => from(Array.from(inventory).filter(({ type }) => wanted.has(type)))),
  )
}
