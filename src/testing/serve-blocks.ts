import { filter, map } from 'rxjs'
import { equalBytes } from '../wire/hex.js'
import { type Inventory, InventoryType } from '../wire/inventory.js'
import type { GetBlocksMessage } from '../wire/messages/getblocks.js'
import type { Chain } from './chain.js'
import type { Service } from './service.js'

/** Blocks of one answer to getblocks (both references). */
const MAX_BLOCKS = 500

function inventoryFor(chain: Chain, request: GetBlocksMessage): readonly Inventory[] {
  const hashes = chain.after(request, MAX_BLOCKS).map(({ hash }) => hash)
  const stop = hashes.findIndex(hash => equalBytes(hash, request.stop))
  return (stop < 0 ? hashes : hashes.slice(0, stop)).map(hash => ({ type: InventoryType.block, hash }))
}

/**
 * Answers getblocks with an inv of what follows the locator, at most 500 blocks and the stop block not among them, as
 * Core does; silent where nothing follows.
 */
export const serveBlocks: Service =
  ({ chain }) =>
  ({ on }) =>
    on('getblocks').pipe(
      map(request => inventoryFor(chain, request)),
      filter(inventory => inventory.length > 0),
      map(inventory => ({ command: 'inv', inventory })),
    )
