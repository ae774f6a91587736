import { transactionNames } from '../behaviors/announcement.js'
import type { Peer } from '../peer/peer.js'
import { readU32 } from '../wire/bytes.js'
import { type Inventory, InventoryType, inventoryKey, WITNESS_FLAG } from '../wire/inventory.js'
import type { Message } from '../wire/messages.js'
import { hasServices, Services } from '../wire/services.js'

/** Whether a remote serves witnesses (BIP144). */
export function servesWitness({ version }: Pick<Peer, 'version'>): boolean {
  return hasServices(version.services, Services.witness)
}

/** The type by which to ask for what has this one: with its witness, where the remote serves that. */
export function withWitness(peer: Pick<Peer, 'version'>, type: number): number {
  return servesWitness(peer) ? type | WITNESS_FLAG : type
}

/** The key of an entry, whether or not it asks for the witness. */
export function keyOf({ type, hash }: Inventory): string {
  return inventoryKey({ type: type & ~WITNESS_FLAG, hash })
}

/** The entry of a key, without the flag that asks for the witness. */
export function entryOf(key: string): Inventory {
  const bytes = Uint8Array.from(key, character => character.charCodeAt(0))
  return { type: readU32(bytes, 0), hash: bytes.subarray(4) }
}

/** The keys of all entries that a message can be the answer to. */
export function keysOf(message: Message): readonly string[] {
  if (message.command === 'block') return [keyOf({ type: InventoryType.block, hash: message.block.hash })]
  return message.command === 'tx' ? transactionNames(message.transaction).map(keyOf) : []
}
