import type { KnownInventory } from '../behaviors/behavior.js'
import { type Inventory, inventoryKey } from '../wire/inventory.js'

/** Entries that are remembered a peer (btcd `maxKnownInventory`). */
export const MAX_KNOWN_INVENTORY = 1_000

/**
 * The inventory that a remote knows, the least recently used entry forgotten first. Entries are compared by type and
 * hash, so a copy is as known as the original.
 */
class LeastRecentlyUsed implements KnownInventory {
  readonly limit: number
  /** In the order of use, the oldest first. */
  readonly #keys = new Set<string>()

  constructor(limit: number) {
    this.limit = limit
  }

  has(entry: Inventory): boolean {
    const key = inventoryKey(entry)
    if (!this.#keys.has(key)) return false
    this.#touch(key)
    return true
  }

  add(entry: Inventory): void {
    this.#touch(inventoryKey(entry))
    if (this.#keys.size <= this.limit) return
    const [oldest] = this.#keys
    if (oldest !== undefined) this.#keys.delete(oldest)
  }

  #touch(key: string): void {
    this.#keys.delete(key)
    this.#keys.add(key)
  }
}

/** Nothing known yet. */
export function createKnownInventory(limit: number = MAX_KNOWN_INVENTORY): KnownInventory {
  return new LeastRecentlyUsed(limit)
}
