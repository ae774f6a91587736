import type { KnownInventory } from '../behaviors/behavior.js'
import { inventoryKey } from '../wire/inventory.js'

/** Entries that are remembered a peer (btcd `maxKnownInventory`). */
export const MAX_KNOWN_INVENTORY = 1_000

/**
 * The inventory that a remote knows, the least recently used entry forgotten first. Entries are compared by type and
 * hash, so a copy is as known as the original.
 */
export function createKnownInventory(limit: number = MAX_KNOWN_INVENTORY): KnownInventory {
  /** In the order of use, the oldest first. */
  const keys = new Set<string>()
  const touch = (key: string) => {
    keys.delete(key)
    keys.add(key)
  }
  return {
    limit,
    has: entry => {
      const key = inventoryKey(entry)
      if (!keys.has(key)) return false
      touch(key)
      return true
    },
    add: entry => {
      touch(inventoryKey(entry))
      if (keys.size <= limit) return
      const [oldest] = keys
      if (oldest !== undefined) keys.delete(oldest)
    },
  }
}
