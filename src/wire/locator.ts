import { type FieldsOf, hash, u32, view } from './codec.js'
import type { Hash } from './hash.js'
import { MAX_LOCATOR } from './limits.js'
import type { List } from './list.js'

/** What getblocks and getheaders carry. */
export interface LocatorFields {
  /** Ignored by receivers; both references write their own protocol version. */
  readonly version: number
  /** Block hashes of the sender's chain, newest first, at most 500 (btcd) or 101 (Core); see {@link locatorHeights}. */
  readonly locator: List<Hash>
  /** The last block wanted; zero for as many as allowed. */
  readonly stop: Hash
}

export const locatorFields: FieldsOf<LocatorFields> = {
  version: u32,
  locator: view(hash, MAX_LOCATOR),
  stop: hash,
}

/** Bytes of the longest getblocks or getheaders. */
export const LOCATOR_MAX_LENGTH = 4 + 9 + MAX_LOCATOR * 32 + 32

/**
 * The heights whose hashes make a block locator for a chain of height `tip`: the tip and the eleven below it one by
 * one, then in steps that double, and always the first block.
 * @example locatorHeights(15) // [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 2, 0]
 */
export function locatorHeights(tip: number): number[] {
  const heights = [tip]
  let step = 1
  for (let height = tip; height > 0; ) {
    height = Math.max(height - step, 0)
    heights.push(height)
    if (heights.length > 11) step *= 2
  }
  return heights
}
